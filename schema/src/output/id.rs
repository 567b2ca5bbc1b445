//! Ids.

use std::{borrow::Cow, fmt::Display};

use async_graphql::{
    ContextSelectionSet, ID, OutputType, Positioned, ServerResult, Value, parser::types::Field,
    registry::Registry,
};

/// An `ID` that is formatted once, when it is selected. The `ID` of the library is formatted and then copied.
#[derive(Debug, Clone, Copy)]
pub struct Id<T>(pub T);

impl<T: Display> From<Id<T>> for ID {
    fn from(id: Id<T>) -> Self {
        Self(id.0.to_string())
    }
}

impl<T: Display + Send + Sync> OutputType for Id<T> {
    fn type_name() -> Cow<'static, str> {
        <ID as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::String(self.0.to_string()))
    }
}
