//! Collections with the standard operations, found in the schema.

use serde_json::{Map, Value, json};

use super::{Client, Input, Schema, Type};

/// A collection: its type and its operations.
pub struct Collection {
    /// The name of the type: `Preset`.
    pub name: String,
    /// The query of one object, and the field of payloads: `preset`.
    pub one: String,
    /// The query of the list: `presets`.
    pub many: String,
    /// The required fields of a new object, with values.
    pub required: Value,
}

impl Schema {
    /// The collections whose objects are created with an idempotency key and updated with a version.
    pub fn collections(&self) -> Vec<Collection> {
        let has = |input: &Type, name: &str| input.inputs.iter().any(|field| field.name == name);
        let found = self.identified().filter(|kind| {
            let input = |verb: &str| self.find(&format!("{verb}{}Input", kind.name));
            input("Create").is_some_and(|input| has(input, "clientId"))
                && input("Update").is_some_and(|input| has(input, "expectedVersion"))
                && input("Delete").is_some()
        });
        found.map(|kind| self.collection(&kind.name)).collect()
    }

    fn collection(&self, name: &str) -> Collection {
        let query = &self.roots.iter().find(|(operation, _)| *operation == "query").expect("a root").1;
        let returning = |wanted: &str| {
            let mut fields = self.get(query).fields.iter();
            let field = fields.find(|field| field.of.name == wanted);
            field.unwrap_or_else(|| panic!("no query returns {wanted}")).name.clone()
        };
        Collection {
            one: returning(name),
            many: returning(&format!("{name}Connection")),
            required: self.required(&format!("Create{name}Input")),
            name: name.to_owned(),
        }
    }

    /// The required fields of an input object, with values.
    fn required(&self, input: &str) -> Value {
        let needed = self.get(input).inputs.iter().filter(|field| field.is_needed());
        Value::Object(needed.map(|field| (field.name.clone(), self.sample(field))).collect::<Map<_, _>>())
    }

    /// A value of an input, which is not an id.
    pub fn sample(&self, input: &Input) -> Value {
        let kind = self.get(&input.of.name);
        let one = match (kind.kind.as_str(), kind.name.as_str()) {
            ("INPUT_OBJECT", name) => self.required(name),
            ("ENUM", _) => json!(kind.values.first()),
            (_, "String") => json!("x"),
            (_, "Int" | "Float") => json!(1),
            (_, "Boolean") => json!(true),
            (_, "JSON") => json!({}),
            (_, "DateTime") => json!("2030-01-01T00:00:00Z"),
            (_, "Decimal") => json!("1"),
            (_, scalar) => panic!("{}: add a value of the scalar {scalar} to {}", input.name, file!()),
        };
        if input.of.list { json!([one]) } else { one }
    }
}

impl Collection {
    pub fn create(&self) -> String {
        let (name, one) = (&self.name, &self.one);
        format!(
            "mutation($input: Create{name}Input!) {{ create{name}(input: $input) {{ {one} {{ id version }} }} }}"
        )
    }

    pub fn update(&self) -> String {
        let (name, one) = (&self.name, &self.one);
        format!(
            "mutation($input: Update{name}Input!) {{ update{name}(input: $input) {{ {one} {{ id version }} }} }}"
        )
    }

    pub fn delete(&self) -> String {
        let name = &self.name;
        format!("mutation($input: Delete{name}Input!) {{ delete{name}(input: $input) {{ deletedId }} }}")
    }

    /// An input with the id of an object, and these fields.
    pub fn input(&self, id: &str, fields: &Value) -> Value {
        let mut input = fields.clone();
        input[format!("{}Id", self.one)] = json!(id);
        json!({ "input": input })
    }

    /// Creates an object with the required fields only. Returns its id.
    pub async fn add(&self, client: &Client) -> String {
        let created = client.send(&self.create(), json!({ "input": self.required })).await;
        created.text(&format!("/create{}/{}/id", self.name, self.one))
    }
}
