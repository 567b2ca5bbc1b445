//! Tests from outside: GraphQL over real sockets, against real databases.

#[cfg(test)]
mod layers;
