//! The registers of the schema: the roots, the collections with the standard operations, and the objects with a global
//! id.

use async_graphql::{MergedObject, MergedSubscription};

use crate::{
    automation::{
        credentials::{Credential, CredentialMutation, CredentialQuery},
        executions::{Execution, ExecutionMutation, ExecutionQuery, ExecutionStep, ExecutionSubscription},
        flows::{Flow, FlowMutation, FlowQuery, FlowVersion, Step},
        integrations::IntegrationQuery,
    },
    collection::{CollectionMutation, CollectionQuery, Operations},
    conversations::{
        generations::{Generation, GenerationMutation, GenerationQuery, GenerationSubscription},
        presets::Preset,
        threads::{Message, Thread, ThreadMutation, ThreadQuery},
    },
    deletions::{Deletion, DeletionQuery},
    identity::{
        AccessDeletionMutation, AccessDeletionQuery, AuditEvent, AuditQuery, ByMailMutation,
        IdentityMutation, IdentityQuery, Invitation, Member, MemberMutation, MemberQuery, Organization, Role,
        User,
    },
    node::{Kind, NodeQuery},
    queues::QueueQuery,
    root::Bounded,
};

/// The collections with the standard operations.
pub(crate) const COLLECTIONS: &[Operations] = &[Operations::of::<Preset>()];

/// The other objects with a global id.
const NODES: &[Kind] = &[
    Kind::of::<User>(),
    Kind::of::<Organization>(),
    Kind::of::<AuditEvent>(),
    Kind::of::<Member>(),
    Kind::of::<Role>(),
    Kind::of::<Invitation>(),
    Kind::of::<Flow>(),
    Kind::of::<FlowVersion>(),
    Kind::of::<Step>(),
    Kind::of::<Credential>(),
    Kind::of::<Execution>(),
    Kind::of::<ExecutionStep>(),
    Kind::of::<Thread>(),
    Kind::of::<Message>(),
    Kind::of::<Generation>(),
    Kind::of::<Deletion>(),
];

/// All objects with a global id.
pub(crate) fn nodes() -> impl Iterator<Item = &'static Kind> {
    NODES.iter().chain(COLLECTIONS.iter().map(|operations| &operations.node))
}

/// The root of queries, with a limit of the fields that are resolved at the same time.
pub(crate) type Query = Bounded<Queries>;

/// The root of queries.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct Queries(
    NodeQuery,
    IdentityQuery,
    MemberQuery,
    AuditQuery,
    IntegrationQuery,
    FlowQuery,
    ExecutionQuery,
    CredentialQuery,
    ThreadQuery,
    GenerationQuery,
    CollectionQuery,
    QueueQuery,
    DeletionQuery,
    AccessDeletionQuery,
);

/// The root of mutations. Each mutation takes one `input` and returns one payload.
#[derive(MergedObject, Default)]
pub struct Mutation(
    IdentityMutation,
    ByMailMutation,
    MemberMutation,
    AccessDeletionMutation,
    FlowMutation,
    ExecutionMutation,
    CredentialMutation,
    ThreadMutation,
    GenerationMutation,
    CollectionMutation,
);

/// The root of subscriptions.
#[derive(MergedSubscription, Default)]
pub struct Subscription(ExecutionSubscription, GenerationSubscription);
