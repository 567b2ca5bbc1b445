//! Guessing passwords is slow, costs one hash each, and locks nobody out.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use triptych_server::config::SignUp;

use crate::harness::{Client, Relay, Reply, World, attempts, engines};

const SIGN_IN: &str = "mutation($email: String!, $password: String!) { signIn(input: { email: $email, password: $password }) { token } }";
const SIGN_UP: &str = "mutation($input: SignUpInput!) { signUp(input: $input) { token } }";
/// Free guesses at an account from one address.
const FREE: usize = 5;

/// A server that believes the addresses of its test, each of which is a client of its own.
async fn world() -> World {
    World::start_with(&|config| {
        config.http.trusted_proxies = vec!["127.0.0.0/8".to_owned().try_into().expect("a network")];
    })
    .await
}

/// Sends a body from an address.
async fn post(client: &Client, address: &str, body: Value) -> Value {
    let request = client.http().post(format!("{}/graphql", client.url)).json(&body);
    let response = request.header("x-forwarded-for", address).send().await.expect("the server answers");
    response.json().await.expect("JSON")
}

async fn sign_in(client: &Client, address: &str, email: &str, password: &str) -> Reply {
    let variables = json!({ "email": email, "password": password });
    Reply(post(client, address, json!({ "query": SIGN_IN, "variables": variables })).await)
}

fn retry_after(reply: &Reply) -> u64 {
    reply.0["errors"][0]["extensions"]["retryAfter"].as_u64().unwrap_or_else(|| panic!("{:#}", reply.0))
}

#[tokio::test]
async fn a_request_checks_one_password_only() {
    let world = world().await;
    let (ada, anonymous) = (world.newcomer().await, world.anonymous());
    let email = ada.email.clone().expect("an address");
    let field = |alias: usize| {
        format!("a{alias}: signIn(input: {{ email: \"{email}\", password: \"correct horse\" }}) {{ token }}")
    };
    let before = world.services().identity.password_hashes();
    let many: String = (0..90).map(field).collect();
    let two = format!("{} {}", field(0), field(1));
    let spread = format!(
        "mutation {{ ...F ...G }} fragment F on Mutation {{ {} }} fragment G on Mutation {{ {} }}",
        field(0),
        field(1)
    );
    let mixed = format!(
        "mutation {{ {} signUp(input: {{ email: \"x@example.com\", password: \"correct horse\",
        name: \"X\", organizationName: \"X\" }}) {{ token }} }}",
        field(0)
    );
    for document in [format!("mutation {{ {many} }}"), format!("mutation {{ {two} }}"), spread, mixed] {
        let refused = anonymous.refused(&document, json!({}), "LIMIT_EXCEEDED").await;
        assert!(refused.0.get("data").is_none());
    }
    assert_eq!(world.services().identity.password_hashes(), before, "nothing was hashed");

    let one = json!({ "query": format!("mutation {{ {} }}", field(0)) });
    let answers = post(&anonymous, "192.0.2.1", json!([one, one, one])).await;
    let codes: Vec<_> =
        answers.as_array().expect("a batch").iter().map(|answer| Reply(answer.clone()).code()).collect();
    assert_eq!(codes, ["", "LIMIT_EXCEEDED", "LIMIT_EXCEEDED"]);
    assert_eq!(world.services().identity.password_hashes(), before + 1);

    // The limit is one of each request of a connection.
    let mut socket = anonymous.socket().await;
    for id in ["1", "2"] {
        socket.subscribe(id, &format!("mutation {{ {} }}", field(0)), json!({})).await;
        assert!(socket.read().await["payload"]["data"]["a0"]["token"].is_string());
        assert_eq!(socket.read().await["type"], "complete");
    }
    world.end().await;
}

#[tokio::test]
async fn every_guess_costs_one_hash_whether_or_not_the_account_exists() {
    let world = world().await;
    let (ada, bob, anonymous) = (world.newcomer().await, world.newcomer().await, world.anonymous());
    let (ada, bob) = (ada.email.expect("an address"), bob.email.expect("an address"));
    world.execute(&format!("UPDATE users SET password_hash = NULL WHERE email = '{bob}'")).await;
    let hashes = || world.services().identity.password_hashes();
    for (email, address) in
        [(ada.as_str(), "192.0.2.1"), (bob.as_str(), "192.0.2.2"), ("nobody@example.com", "192.0.2.3")]
    {
        let before = hashes();
        assert_eq!(
            sign_in(&anonymous, address, email, "wrong horse").await.code(),
            "UNAUTHENTICATED",
            "{email}"
        );
        assert_eq!(hashes(), before + 1, "{email}");
    }
    // What no account can have costs nothing.
    let before = hashes();
    let long = "x".repeat(100_000);
    for (email, password) in [(ada.as_str(), long.as_str()), (long.as_str(), "correct horse")] {
        assert_eq!(sign_in(&anonymous, "192.0.2.4", email, password).await.code(), "UNAUTHENTICATED");
    }
    assert_eq!(hashes(), before);
    world.end().await;
}

#[tokio::test]
async fn guesses_at_the_same_time_are_counted_before_they_are_checked() {
    let world = world().await;
    let (ada, anonymous) = (world.newcomer().await, world.anonymous());
    let email = ada.email.expect("an address");
    let before = world.services().identity.password_hashes();
    let guesses = (0..90).map(|n| {
        let (anonymous, email) = (&anonymous, &email);
        async move { sign_in(anonymous, "192.0.2.1", email, &format!("wrong horse {n}")).await.code() }
    });
    let codes = join_all(guesses).await;
    let count = |wanted: &str| codes.iter().filter(|code| *code == wanted).count();
    let answered = count("UNAUTHENTICATED");
    // On a slow machine a delay may end meanwhile.
    assert!((FREE..FREE + 3).contains(&answered), "{codes:?}");
    assert_eq!(count("RATE_LIMITED"), 90 - answered, "{codes:?}");
    assert_eq!(world.services().identity.password_hashes(), before + answered as u64);
    world.end().await;
}

/// Guesses until the delay has this length. Returns the delays.
async fn guess_until(world: &World, longest: u64, mut guess: impl AsyncFnMut() -> Reply) -> Vec<u64> {
    let mut waits = Vec::new();
    for _ in 0..100 {
        let reply = guess().await;
        if reply.code() == "UNAUTHENTICATED" {
            continue;
        }
        assert_eq!(reply.code(), "RATE_LIMITED");
        waits.push(retry_after(&reply));
        if retry_after(&reply) >= longest {
            return waits;
        }
        world.clock.advance(Duration::from_secs(retry_after(&reply)));
        assert_eq!(guess().await.code(), "UNAUTHENTICATED", "the time is over");
    }
    panic!("the delay does not grow: {waits:?}");
}

#[tokio::test]
async fn wrong_passwords_delay_the_next_one_for_longer_and_longer() {
    let world = world().await;
    let (ada, anonymous) = (world.newcomer().await, world.anonymous());
    let email = ada.email.expect("an address");
    // An address without an account is treated alike.
    for (email, address) in [("nobody@example.com", "192.0.2.2"), (email.as_str(), "192.0.2.1")] {
        let guess = async || sign_in(&anonymous, address, email, "wrong horse").await;
        for _ in 0..FREE {
            assert_eq!(guess().await.code(), "UNAUTHENTICATED");
        }
        let waits = guess_until(&world, 100, guess).await;
        // A part of a delay may be over when it is told.
        assert!(waits.windows(2).all(|pair| pair[1] + 3 >= 2 * pair[0]), "{waits:?}");
        assert!(*waits.last().expect("a delay") <= 128, "{waits:?}");
    }
    // The right password is not known to be right before the time is over; then it ends the delays.
    let right = async || sign_in(&anonymous, "192.0.2.1", &email, "correct horse").await;
    assert_eq!(right().await.code(), "RATE_LIMITED");
    world.clock.advance(Duration::from_secs(128));
    assert!(right().await.at("/signIn/token").is_string());
    assert_eq!(sign_in(&anonymous, "192.0.2.1", &email, "wrong horse").await.code(), "UNAUTHENTICATED");
    assert!(right().await.at("/signIn/token").is_string());
    world.end().await;
}

#[tokio::test]
async fn strangers_do_not_lock_an_owner_out() {
    let world = world().await;
    let (ada, anonymous) = (world.newcomer().await, world.anonymous());
    let email = ada.email.expect("an address");
    let right = async |address: &str| sign_in(&anonymous, address, &email, "correct horse").await;
    assert!(right("198.51.100.1").await.at("/signIn/token").is_string(), "the address is known from now on");
    let mut addresses = 0..;
    let waits = guess_until(&world, 30, async || {
        let address = format!("203.0.113.{}", addresses.next().expect("a number"));
        sign_in(&anonymous, &address, &email, "wrong horse").await
    })
    .await;
    assert!(waits.iter().all(|wait| *wait <= 60), "{waits:?}");
    assert!(right("198.51.100.1").await.at("/signIn/token").is_string(), "where the owner signed in before");
    // Elsewhere the owner waits for a minute at most.
    assert_eq!(right("198.51.100.2").await.code(), "RATE_LIMITED");
    world.clock.advance(Duration::from_mins(1));
    assert!(right("198.51.100.2").await.at("/signIn/token").is_string());
    world.end().await;
}

#[tokio::test]
async fn one_address_cannot_try_many_accounts() {
    let world = world().await;
    let anonymous = world.anonymous();
    let mut answered = 0;
    for n in 0..60 {
        match sign_in(&anonymous, "203.0.113.7", &format!("person{n}@example.org"), "wrong horse")
            .await
            .code()
            .as_str()
        {
            "UNAUTHENTICATED" => answered += 1,
            "RATE_LIMITED" => break,
            other => panic!("{other}"),
        }
    }
    assert!((30..35).contains(&answered), "{answered}");
    let other = sign_in(&anonymous, "203.0.113.8", "person@example.org", "wrong horse").await;
    assert_eq!(other.code(), "UNAUTHENTICATED", "another address is not slowed");
    // IPv6 is counted by network.
    let mut refused = false;
    for n in 0..60 {
        let address = format!("2001:db8::{n:x}");
        let code = sign_in(&anonymous, &address, &format!("six{n}@example.org"), "wrong horse").await.code();
        refused |= code == "RATE_LIMITED";
    }
    assert!(refused);
    world.end().await;
}

#[tokio::test]
async fn sign_ups_of_one_address_are_limited() {
    let world = world().await;
    let anonymous = world.anonymous();
    let sign_up = async |address: &str, n: usize| {
        let input = json!({ "email": format!("many{n}@example.org"), "password": "correct horse", "name": "Many",
                            "organizationName": "Many" });
        Reply(post(&anonymous, address, json!({ "query": SIGN_UP, "variables": { "input": input } })).await)
    };
    let mut made = 0;
    while sign_up("203.0.113.7", made).await.code().is_empty() {
        made += 1;
    }
    assert!((30..33).contains(&made), "{made}");
    let before = world.services().identity.password_hashes();
    let refused = sign_up("203.0.113.7", 99).await;
    assert_eq!(refused.code(), "RATE_LIMITED");
    assert!(retry_after(&refused) > 20);
    assert_eq!(world.services().identity.password_hashes(), before);
    assert_eq!(sign_up("203.0.113.8", 99).await.code(), "");
    world.end().await;
}

#[tokio::test]
async fn guesses_are_counted_by_the_process_while_redis_is_away() {
    let redis = engines().await.redis_url.clone();
    let (secret, rest) = redis.split_once('@').expect("a URL with a password");
    let (target, database) = rest.split_once('/').expect("a URL with a database");
    let relay = Relay::to(target).await;
    let url = format!("{secret}@{}/{database}", relay.address);
    let world = World::start_with(&|config| {
        config.http.trusted_proxies = vec!["127.0.0.0/8".to_owned().try_into().expect("a network")];
        config.redis.cache_url = Some(url.clone().into());
    })
    .await;
    let (ada, anonymous) = (world.newcomer().await, world.anonymous());
    let email = ada.email.expect("an address");
    relay.cut();
    let mut codes = Vec::new();
    for _ in 0..FREE + 3 {
        codes.push(sign_in(&anonymous, "192.0.2.1", &email, "wrong horse").await.code());
    }
    assert_eq!(codes[..FREE], ["UNAUTHENTICATED"; FREE]);
    assert!(codes.iter().any(|code| code == "RATE_LIMITED"), "{codes:?}");
    relay.restore();
    let mut patience = attempts(Duration::from_mins(1));
    while sign_in(&anonymous, "192.0.2.9", &email, "correct horse").await.at("/signIn/token").is_null() {
        assert!(patience.next().await, "users sign in again");
    }
    world.end().await;
}

#[tokio::test]
async fn accounts_are_created_by_those_who_may() {
    for (mode, message) in [(SignUp::Invite, "invitation"), (SignUp::Closed, "cannot be created")] {
        let world = World::start_with(&move |config| config.identity.sign_up = mode).await;
        let before = world.services().identity.password_hashes();
        let input = json!({ "email": "a@example.org", "password": "correct horse", "name": "A", "organizationName": "A" });
        let refused = world.anonymous().refused(SIGN_UP, json!({ "input": input }), "FORBIDDEN").await;
        assert!(refused.0["errors"][0]["message"].as_str().expect("a message").contains(message));
        assert_eq!(world.services().identity.password_hashes(), before);
        world.end().await;
    }
}
