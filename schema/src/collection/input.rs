//! The inputs of the standard mutations: the fields of a resource, and other fields of the mutation.

use std::{any::type_name, borrow::Cow, marker::PhantomData};

use async_graphql::{
    ID, InputType, InputValueError, InputValueResult, Name, Value,
    indexmap::IndexMap,
    registry::{InputObjectBuilder, MetaInputValue, MetaType, MetaTypeId, Registry},
};
use triptych_entities::documents::record::Content;

use super::Resource;

/// Input to create an object.
pub(super) struct CreateInput<R: Resource> {
    pub(super) fields: R::Input,
    pub(super) client_id: Option<String>,
}

/// Input to update an object.
pub(super) struct UpdateInput<R: Resource> {
    pub(super) id: ID,
    pub(super) expected_version: Option<i32>,
    pub(super) fields: R::Input,
}

/// Input to delete an object.
pub(super) struct DeleteInput<R: Resource> {
    pub(super) id: ID,
    resource: PhantomData<R>,
}

/// The name of the field with the id.
pub(super) fn id_field<R: Resource>() -> String {
    format!("{}Id", R::ONE)
}

/// "a preset", "an agent".
pub(super) fn one<R: Resource>() -> String {
    let noun = R::Content::NOUN;
    let article = if noun.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {noun}")
}

/// The type of an input in the registry.
struct Described<'r> {
    registry: &'r mut Registry,
    fields: IndexMap<String, MetaInputValue>,
}

impl<'r> Described<'r> {
    fn new(registry: &'r mut Registry) -> Self {
        Self { registry, fields: IndexMap::new() }
    }

    fn field<T: InputType>(mut self, name: &str, description: String) -> Self {
        let mut field = MetaInputValue::new(name, T::create_type_info(self.registry));
        field.description = Some(description);
        self.fields.insert(name.to_owned(), field);
        self
    }

    fn id<R: Resource>(self) -> Self {
        self.field::<ID>(&id_field::<R>(), format!("The id of the {}.", R::Content::NOUN))
    }

    /// The fields of the resource; those of `required` are not nullable.
    fn fields<R: Resource>(mut self, required: &[&str]) -> Self {
        if let MetaType::InputObject { input_fields, .. } = self.registry.create_fake_input_type::<R::Input>()
        {
            self.fields.extend(input_fields);
        }
        for name in required {
            if let Some(field) = self.fields.get_mut(*name) {
                field.ty.push('!');
            }
        }
        self
    }

    fn build<T: InputType>(self, description: String) -> MetaType {
        InputObjectBuilder::new(T::type_name(), self.fields)
            .rust_typename(type_name::<T>())
            .description(Some(description))
            .build()
    }
}

/// The fields of an input.
struct Given(IndexMap<Name, Value>);

impl Given {
    fn new<I: InputType>(value: Option<Value>) -> Result<Self, InputValueError<I>> {
        match value {
            Some(Value::Object(fields)) => Ok(Self(fields)),
            other => Err(InputValueError::expected_type(other.unwrap_or_default())),
        }
    }

    fn field<T: InputType, I: InputType>(&self, name: &str) -> Result<T, InputValueError<I>> {
        T::parse(self.0.get(name).cloned()).map_err(InputValueError::propagate)
    }

    fn fields<T: InputType, I: InputType>(self) -> Result<T, InputValueError<I>> {
        T::parse(Some(Value::Object(self.0))).map_err(InputValueError::propagate)
    }
}

impl<R: Resource> InputType for CreateInput<R> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        format!("Create{}Input", R::type_name()).into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_input_type::<Self, _>(MetaTypeId::InputObject, |registry| {
            let key = format!(
                "An idempotency key: repeated calls with the same value return the same {}.",
                R::Content::NOUN
            );
            Described::new(registry)
                .fields::<R>(R::REQUIRED)
                .field::<Option<String>>("clientId", key)
                .build::<Self>(format!("Input to create {}.", one::<R>()))
        })
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let given = Given::new(value)?;
        Ok(Self { client_id: given.field("clientId")?, fields: given.fields()? })
    }

    fn to_value(&self) -> Value {
        Value::Null
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl<R: Resource> InputType for UpdateInput<R> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        format!("Update{}Input", R::type_name()).into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_input_type::<Self, _>(MetaTypeId::InputObject, |registry| {
            let version = "The version that the caller has read; `CONFLICT` if it is not the current one.";
            let noun = R::Content::NOUN;
            Described::new(registry)
                .id::<R>()
                .field::<Option<i32>>("expectedVersion", version.to_owned())
                .fields::<R>(&[])
                .build::<Self>(format!(
                    "Input to update {}. Absent fields keep their value; null clears an optional field of the {noun}.",
                    one::<R>()
                ))
        })
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let given = Given::new(value)?;
        Ok(Self {
            id: given.field(&id_field::<R>())?,
            expected_version: given.field("expectedVersion")?,
            fields: given.fields()?,
        })
    }

    fn to_value(&self) -> Value {
        Value::Null
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl<R: Resource> InputType for DeleteInput<R> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        format!("Delete{}Input", R::type_name()).into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_input_type::<Self, _>(MetaTypeId::InputObject, |registry| {
            Described::new(registry).id::<R>().build::<Self>(format!("Input to delete {}.", one::<R>()))
        })
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        Ok(Self { id: Given::new(value)?.field(&id_field::<R>())?, resource: PhantomData })
    }

    fn to_value(&self) -> Value {
        Value::Null
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}
