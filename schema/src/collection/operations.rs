//! The standard operations of a resource: their names and their resolvers.

use async_graphql::{
    Context, ID, InputType, OutputType, ServerResult, Value,
    registry::{MetaField, MetaInputValue, Registry},
};
use futures::{FutureExt as _, future::BoxFuture};
use triptych_entities::documents::record::Content;

use super::{
    Resource,
    input::{CreateInput, DeleteInput, UpdateInput, id_field, one},
    payload::Payload,
    records,
};
use crate::{
    connection::{Connection, page_args},
    context::{ContextExt as _, parse_id},
    errors::ApiError,
    node::{Kind, load},
    output::resolver_utils::resolve_field_async,
    payloads::DeletePayload,
};

pub(super) type Resolved<'a> = BoxFuture<'a, ServerResult<Option<Value>>>;

/// The operations of a [`Resource`] without its type, for the register.
pub(crate) struct Operations {
    pub(crate) node: Kind,
    pub(super) describe_queries: fn(&mut Registry) -> Vec<MetaField>,
    pub(super) describe_mutations: fn(&mut Registry) -> Vec<MetaField>,
    /// Resolves a field of the root, if it is one of these operations.
    pub(super) resolve: for<'a> fn(&'a Context<'_>) -> Option<Resolved<'a>>,
}

impl Operations {
    pub(crate) const fn of<R: Resource>() -> Self {
        Self {
            node: Kind::of::<R>(),
            describe_queries: describe_queries::<R>,
            describe_mutations: describe_mutations::<R>,
            resolve: resolve::<R>,
        }
    }
}

fn field<T: OutputType>(registry: &mut Registry, name: String, description: String) -> MetaField {
    let mut field = MetaField::new(name, T::create_type_info(registry));
    field.description = Some(description);
    field
}

fn argument<T: InputType>(registry: &mut Registry, field: &mut MetaField, name: &str, description: &str) {
    let mut argument = MetaInputValue::new(name, T::create_type_info(registry));
    argument.description = Some(description.to_owned());
    field.args.insert(name.to_owned(), argument);
}

fn describe_queries<R: Resource>(registry: &mut Registry) -> Vec<MetaField> {
    let (noun, many) = (R::Content::NOUN, R::Content::NAME);
    let description = format!("Fetches {} by its id.", one::<R>());
    let mut get = field::<Option<R>>(registry, R::ONE.to_owned(), description);
    argument::<ID>(registry, &mut get, "id", &format!("The id of the {noun}."));
    let description = format!("Lists the {noun}s that the caller can see, newest first.");
    let mut list = field::<Connection<R>>(registry, many.to_owned(), description);
    argument::<Option<i32>>(
        registry,
        &mut list,
        "first",
        "The number of items from the start; default 20, maximum 100.",
    );
    argument::<Option<String>>(registry, &mut list, "after", "Returns items after this cursor.");
    argument::<Option<i32>>(registry, &mut list, "last", "The number of items from the end; maximum 100.");
    argument::<Option<String>>(registry, &mut list, "before", "Returns items before this cursor.");
    vec![get, list]
}

fn describe_mutations<R: Resource>(registry: &mut Registry) -> Vec<MetaField> {
    let (noun, ty) = (R::Content::NOUN, R::type_name());
    let description =
        format!("Creates {}. Repeating it with the same `clientId` returns the same {noun}.", one::<R>());
    let mut create = field::<Payload<R>>(registry, format!("create{ty}"), description);
    argument::<CreateInput<R>>(registry, &mut create, "input", &format!("The {noun} to create."));
    let description = format!(
        "Updates {}. Repeating it without `expectedVersion` only increments the version.",
        one::<R>()
    );
    let mut update = field::<Payload<R>>(registry, format!("update{ty}"), description);
    argument::<UpdateInput<R>>(registry, &mut update, "input", &format!("The changes of the {noun}."));
    let description = format!("Deletes {}. Repeating it returns `NOT_FOUND`.", one::<R>());
    let mut delete = field::<DeletePayload>(registry, format!("delete{ty}"), description);
    argument::<DeleteInput<R>>(registry, &mut delete, "input", &format!("The {noun} to delete."));
    vec![create, update, delete]
}

fn resolve<'a, R: Resource>(ctx: &'a Context<'_>) -> Option<Resolved<'a>> {
    let name = ctx.item.node.name.node.as_str();
    if name == R::ONE {
        return Some(get::<R>(ctx).boxed());
    }
    if name == R::Content::NAME {
        return Some(list::<R>(ctx).boxed());
    }
    match name.strip_suffix(&*R::type_name())? {
        "create" => Some(create::<R>(ctx).boxed()),
        "update" => Some(update::<R>(ctx).boxed()),
        "delete" => Some(delete::<R>(ctx).boxed()),
        _ => None,
    }
}

/// The value of an argument.
fn given<T: InputType>(ctx: &Context<'_>, name: &str) -> ServerResult<T> {
    ctx.param_value(name, None).map(|(_, value)| value)
}

async fn get<R: Resource>(ctx: &Context<'_>) -> ServerResult<Option<Value>> {
    let id: ID = given(ctx, "id")?;
    let found = async { Ok::<_, ApiError>(Some(load::<R>(ctx, parse_id("id", &id)?).await?)) };
    resolve_field_async(ctx, found).await
}

async fn list<R: Resource>(ctx: &Context<'_>) -> ServerResult<Option<Value>> {
    let args =
        page_args(given(ctx, "first")?, given(ctx, "after")?, given(ctx, "last")?, given(ctx, "before")?);
    let page = async {
        let page = records::<R>(ctx).list(ctx.actor()?, &args).await?;
        Ok::<_, ApiError>(Connection::of(page, R::from))
    };
    resolve_field_async(ctx, page).await
}

async fn create<R: Resource>(ctx: &Context<'_>) -> ServerResult<Option<Value>> {
    let CreateInput::<R> { fields, client_id } = given(ctx, "input")?;
    let created = async {
        let record = ctx.services().create(ctx.actor()?, R::fields(fields)?, client_id).await?;
        Ok::<_, ApiError>(Payload(R::from(record)))
    };
    resolve_field_async(ctx, created).await
}

async fn update<R: Resource>(ctx: &Context<'_>) -> ServerResult<Option<Value>> {
    let UpdateInput::<R> { id, expected_version, fields } = given(ctx, "input")?;
    let updated = async {
        let id = parse_id(&id_field::<R>(), &id)?;
        let fields = R::fields(fields)?;
        let record = ctx.services().update(ctx.actor()?, id, fields, expected_version).await?;
        Ok::<_, ApiError>(Payload(R::from(record)))
    };
    resolve_field_async(ctx, updated).await
}

async fn delete<R: Resource>(ctx: &Context<'_>) -> ServerResult<Option<Value>> {
    let DeleteInput::<R> { id, .. } = given(ctx, "input")?;
    let deleted = async {
        records::<R>(ctx).delete(ctx.actor()?, parse_id(&id_field::<R>(), &id)?).await?;
        Ok::<_, ApiError>(DeletePayload::of(id.clone()))
    };
    resolve_field_async(ctx, deleted).await
}
