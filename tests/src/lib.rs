//! Tests from outside: GraphQL over real sockets, against real databases. What they stand on is also what the
//! benchmarks stand on.

pub mod harness;

#[cfg(test)]
mod branches;
#[cfg(test)]
mod executions;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod generations;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod process;
#[cfg(test)]
mod providers;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod tenancy;
#[cfg(test)]
mod threads;
