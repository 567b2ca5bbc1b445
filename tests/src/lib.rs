//! Tests from outside: GraphQL over real sockets, against real databases.

#![cfg(test)]

mod harness;
mod layers;

mod executions;
mod flows;
mod identity;
mod migrations;
mod process;
mod tenancy;
