//! Live feeds as subscriptions: the types of their events, and the stream that a subscription returns.

use async_graphql::{Context, Json, OutputType};
use chrono::{DateTime, Utc};
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::BoxStream};
use serde_json::Value;
use triptych_entities::ids::{ExecutionStepId, GenerationId, MessageId, StepId};
use triptych_services::{
    error::ServiceError,
    live::{EnvelopeOf, Feed},
};

use crate::{
    context::ContextExt as _,
    errors::Result,
    output::{Id, Items},
};

/// The stream of a subscription: the envelopes after the cursor, as the API shows them, of the feed that `read` reads from
/// the database.
///
/// # Errors
/// `Invalid` for a cursor that the subject did not issue.
pub(crate) fn follow<'a, F, E, R>(
    ctx: &'a Context<'_>,
    read: impl FnOnce() -> R + Send + 'a,
    after: Option<String>,
) -> BoxFuture<'a, Result<BoxStream<'static, Result<E>>>>
where
    F: Feed<Error = ServiceError>,
    E: From<EnvelopeOf<F>> + 'static,
    R: Future<Output = Result<F, ServiceError>> + Send + 'a,
{
    let live = &ctx.services().live;
    // Boxed: the library keeps the place of this future for as long as the subscription is open. The reads are boxed in it,
    // as thousands may wait for their turn.
    async move {
        let turn = live.turn::<F>().await;
        let feed = read().boxed().await?;
        drop(turn);
        let envelopes = live.open(feed, after.as_deref()).boxed().await?;
        Ok(envelopes.map(|envelope| Ok(envelope?.into())).boxed())
    }
    .boxed()
}

/// A number that the API shows as `Int`.
pub(crate) fn int(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// How a field of an event in the union `U` is shown. A type may be shown differently in different unions.
pub(crate) trait EventField<U> {
    type Output: OutputType;
    fn output(self) -> Self::Output;
}

/// The GraphQL type of a field of type `T` in the union `U`.
pub(crate) type Output<U, T> = <T as EventField<U>>::Output;

/// Shows each type as another one by its conversion, in one union or, without a name, in all unions.
macro_rules! event_fields {
    ($union:ty: $($from:ty => $to:ty),+ $(,)?) => {$(
        impl $crate::feed::EventField<$union> for $from {
            type Output = $to;
            fn output(self) -> $to { self.into() }
        }
    )+};
    ($($from:ty => $to:ty = $convert:expr;)+) => {$(
        impl<U> EventField<U> for $from {
            type Output = $to;
            fn output(self) -> $to {
                let convert: fn($from) -> $to = $convert;
                convert(self)
            }
        }
    )+};
}

event_fields! {
    bool => bool = |value| value;
    i32 => i32 = |value| value;
    i64 => i32 = int;
    String => String = |value| value;
    DateTime<Utc> => DateTime<Utc> = |value| value;
    Value => Json<Value> = Json;
    ExecutionStepId => Id<ExecutionStepId> = Id;
    GenerationId => Id<GenerationId> = Id;
    MessageId => Id<MessageId> = Id;
    StepId => Id<StepId> = Id;
}

impl<U, T: EventField<U>> EventField<U> for Option<T>
where
    Option<T::Output>: OutputType,
{
    type Output = Option<T::Output>;
    fn output(self) -> Self::Output {
        self.map(T::output)
    }
}

impl<U, T: EventField<U>> EventField<U> for Vec<T>
where
    Items<T::Output>: OutputType,
{
    type Output = Items<T::Output>;
    fn output(self) -> Self::Output {
        self.into_iter().map(T::output).collect()
    }
}

/// Expands a list of events of `triptych_entities::payloads` into an object for each event, their union, and the
/// conversion from the payload, which `payload` names.
macro_rules! event_union {
    (
        $(#[$about:meta])*
        pub enum $Union:ident {
            $(
                $(#[$event_about:meta])*
                $Event:ident { $( $(#[$field_about:meta])* $field:ident: $Type:ty, )+ },
            )+
        }
    ) => {
        $(#[$about])*
        #[derive(async_graphql::Union)]
        #[graphql(crate = "crate::output")]
        pub enum $Union {
            $( $Event($Event), )+
        }

        $(
            $(#[$event_about])*
            #[derive(async_graphql::SimpleObject)]
            #[graphql(crate = "crate::output")]
            pub struct $Event {
                $( $(#[$field_about])* pub $field: $crate::feed::Output<$Union, $Type>, )+
            }
        )+

        impl From<payload::$Union> for $Union {
            fn from(event: payload::$Union) -> Self {
                match event {
                    $(
                        payload::$Union::$Event { $($field),+ } => Self::$Event($Event {
                            $( $field: $crate::feed::EventField::<$Union>::output($field), )+
                        }),
                    )+
                }
            }
        }
    };
}

pub(crate) use {event_fields, event_union};
