//! `node(id)`: any object by its global id. The prefix of the id determines the type, so one query suffices.

use std::{borrow::Cow, marker::PhantomData};

use async_graphql::{
    Context, ContextSelectionSet, ID, Object, OutputType, Positioned, ServerResult, Value,
    indexmap::{IndexMap, IndexSet},
    parser::types::Field,
    registry::{MetaField, MetaType, MetaTypeId, Registry},
};
use futures::{FutureExt as _, future::BoxFuture};
use triptych_entities::ids::{Id, prefix_of};
use triptych_services::error::{Code, Invalid, ServiceError};

use crate::{
    context::{ContextExt as _, parse_id},
    errors::{ApiError, Result},
    loaders::{Caller, Loaded, Loader},
    output::{Item, Items, ObjectType, resolver_utils::resolve_container},
    register::nodes,
};

/// An object with a global id.
pub(crate) trait NodeType: ObjectType + Sized + 'static {
    type Id: Id;
    /// The value that the object wraps.
    type Row: Clone + Send + Sync + 'static;
    /// The name of the type in messages: "no such flow".
    const NOUN: &'static str;

    /// Fetches the objects that the caller can see, in any order, with one query.
    fn fetch(caller: &Caller, ids: &[Self::Id]) -> impl Future<Output = Fetched<Self::Row>> + Send;

    fn id_of(row: &Self::Row) -> Self::Id;

    fn new(row: Self::Row) -> Self;
}

/// The result of [`NodeType::fetch`].
pub(crate) type Fetched<Row> = Result<Vec<Row>, ServiceError>;

/// The data loader of the objects of a type.
struct Objects<N: NodeType>(PhantomData<fn() -> N>);

impl<N: NodeType> PartialEq for Objects<N> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<N: NodeType> Loader for Objects<N> {
    type Id = N::Id;
    type Value = N::Row;

    async fn load(&self, caller: &Caller, ids: &[N::Id]) -> Loaded<Self> {
        let found = N::fetch(caller, ids).await?;
        Ok(found.into_iter().map(|row| (N::id_of(&row), row)).collect())
    }
}

/// Loads an object in one batch with those that sibling fields request.
///
/// # Errors
/// `NotFound`, also for an object that the caller cannot see.
pub(crate) async fn load<N: NodeType>(ctx: &Context<'_>, id: N::Id) -> Result<N> {
    load_opt(ctx, Some(id)).await?.ok_or_else(|| ApiError::not_found(N::NOUN))
}

/// As [`load`]; `None` without an id, or if the caller cannot see the object.
pub(crate) async fn load_opt<N: NodeType>(ctx: &Context<'_>, id: Option<N::Id>) -> Result<Option<N>> {
    let Some(id) = id else { return Ok(None) };
    Ok(ctx.load(Objects::<N>(PhantomData), id).await?.map(N::new))
}

/// A [`NodeType`] without its type, for the register.
pub(crate) struct Kind {
    prefix: &'static str,
    describe: fn(&mut Registry) -> Cow<'static, str>,
    load: for<'a> fn(&'a Context<'_>, &'a str, &'a ID) -> BoxFuture<'a, Result<Node>>,
}

impl Kind {
    pub(crate) const fn of<N: NodeType>() -> Self {
        Self { prefix: <N::Id as Id>::PREFIX, describe: describe::<N>, load: load_node::<N> }
    }
}

fn describe<N: NodeType>(registry: &mut Registry) -> Cow<'static, str> {
    N::create_type_info(registry);
    registry.add_implements(&N::type_name(), &Node::type_name());
    N::type_name()
}

fn load_node<'a, N: NodeType>(
    ctx: &'a Context<'_>,
    path: &'a str,
    id: &'a ID,
) -> BoxFuture<'a, Result<Node>> {
    async move { Ok(Node(Box::new(load::<N>(ctx, parse_id(path, id)?).await?))) }.boxed()
}

/// The interface of the objects with a global id.
pub struct Node(Box<dyn AnyObject>);

/// An object of any type.
trait AnyObject: Send + Sync {
    fn name(&self) -> Cow<'static, str>;
    fn resolve<'a>(&'a self, ctx: &'a ContextSelectionSet<'a>) -> BoxFuture<'a, ServerResult<Value>>;
}

impl<T: ObjectType> AnyObject for T {
    fn name(&self) -> Cow<'static, str> {
        self.introspection_type_name()
    }

    fn resolve<'a>(&'a self, ctx: &'a ContextSelectionSet<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        resolve_container(ctx, self)
    }
}

impl OutputType for Node {
    fn type_name() -> Cow<'static, str> {
        "Node".into()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        self.0.name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Interface, |registry| {
            let possible_types: IndexSet<String> =
                nodes().map(|kind| (kind.describe)(registry).into_owned()).collect();
            let mut id = MetaField::new("id", <ID as OutputType>::create_type_info(registry));
            id.description = Some("A TypeID: a prefix for the type, then a UUIDv7.".to_owned());
            MetaType::Interface {
                name: Self::type_name().into_owned(),
                description: Some("An object with a global id.".to_owned()),
                fields: IndexMap::from([(id.name.clone(), id)]),
                possible_types,
                extends: false,
                keys: None,
                visible: None,
                inaccessible: false,
                tags: Vec::new(),
                rust_typename: Some(std::any::type_name::<Self>()),
                directive_invocations: Vec::new(),
                requires_scopes: Vec::new(),
            }
        })
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        self.0.resolve(ctx).await
    }
}

impl Item for Node {
    fn resolve_in_place<'a>(
        &'a self,
        ctx: &'a ContextSelectionSet<'a>,
    ) -> impl Future<Output = ServerResult<Value>> + Send + 'a {
        self.0.resolve(ctx)
    }
}

/// Queries of any object.
#[derive(Default)]
pub struct NodeQuery;

/// The maximum number of ids of one `nodes` field.
const MAX_NODES: usize = 100;

#[Object]
impl NodeQuery {
    /// Fetches an object by its global id.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id of an object.")] id: ID,
    ) -> Result<Option<Node>> {
        find(ctx, "id", &id).await.map(Some)
    }

    /// Fetches several objects by their ids, in the order of the ids; null for those that are not found.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Up to 100 ids.")] ids: Vec<ID>,
    ) -> Result<Items<Option<Node>>> {
        if ids.len() > MAX_NODES {
            return Err(Invalid::one("ids", format!("at most {MAX_NODES} at a time")).into());
        }
        ctx.actor()?;
        // Concurrently, so that the loaders batch the ids of a type.
        let found = futures::future::join_all(
            ids.iter().enumerate().map(async |(index, id)| find(ctx, &format!("ids.{index}"), id).await),
        )
        .await;
        found
            .into_iter()
            .map(|node| match node {
                Ok(node) => Ok(Some(node)),
                Err(error) if error.code() == Code::NotFound => Ok(None),
                Err(error) => Err(error),
            })
            .collect()
    }
}

/// `path` is the path of the id in the input.
async fn find(ctx: &Context<'_>, path: &str, id: &ID) -> Result<Node> {
    ctx.actor()?;
    match nodes().find(|kind| prefix_of(id) == Some(kind.prefix)) {
        Some(kind) => (kind.load)(ctx, path, id).await,
        None => Err(Invalid::one(path, "not the id of anything that can be looked up").into()),
    }
}
