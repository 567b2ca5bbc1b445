//! The session cookie over HTTP and HTTPS.

use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::{Value, json};

use crate::harness::{Client, World};

const SIGN_OUT: &str = "mutation { signOut(input: {}) { signedOut } }";

/// Sends a query over a proxy that is reached by this scheme. Returns the data and the cookie that the response sets.
async fn ask(client: &Client, scheme: &str, cookie: &str, query: &str) -> (Value, Option<String>) {
    let request = client.http().post(format!("{}/graphql", client.url)).json(&json!({ "query": query }));
    let request = request.header("x-forwarded-proto", scheme).header(COOKIE, cookie);
    let response = request.send().await.expect("the server answers");
    let set = response.headers().get(SET_COOKIE).map(|set| set.to_str().expect("text").to_owned());
    let body: Value = response.json().await.expect("JSON");
    (body["data"].clone(), set)
}

#[tokio::test]
async fn over_https_the_cookie_belongs_to_the_host_alone() {
    let world = World::start_with(&|config| {
        config.http.trusted_proxies = vec!["127.0.0.0/8".to_owned().try_into().expect("a network")];
    })
    .await;
    let (ada, anonymous) = (world.newcomer().await, world.anonymous());
    let email = ada.email.clone().expect("an address");
    let sign_in = format!(
        "mutation {{ signIn(input: {{ email: \"{email}\", password: \"correct horse\" }}) {{ token }} }}"
    );
    let viewer = "{ viewer { user { email } } }";
    for (scheme, name, other) in [
        ("https", "__Host-triptych_session", "triptych_session"),
        ("http", "triptych_session", "__Host-triptych_session"),
    ] {
        let (data, set) = ask(&anonymous, scheme, "a=b", &sign_in).await;
        let token = data["signIn"]["token"].as_str().expect("a token");
        let set = set.expect("a cookie");
        assert!(set.starts_with(&format!("{name}={token}; Path=/; Max-Age=")), "{set}");
        assert!(set.contains("; HttpOnly; SameSite=Lax") && !set.contains("Domain"), "{set}");
        assert_eq!(set.ends_with("; Secure"), scheme == "https", "{set}");
        let (data, _) = ask(&anonymous, scheme, &format!("a=b; {name}={token}"), viewer).await;
        assert_eq!(data["viewer"]["user"]["email"], json!(email), "{scheme}");
        // Another host of the domain can set the name without the prefix.
        let (data, _) = ask(&anonymous, scheme, &format!("{other}={token}"), viewer).await;
        assert_eq!(data["viewer"], Value::Null, "{scheme}");
        let (_, set) = ask(&anonymous, scheme, &format!("{name}={token}"), SIGN_OUT).await;
        assert!(set.expect("a cookie").starts_with(&format!("{name}=; Path=/; Max-Age=0;")));
        let (_, set) = ask(&anonymous, scheme, &format!("{name}={token}"), viewer).await;
        assert!(set.expect("a cookie").starts_with(&format!("{name}=; Path=/; Max-Age=0;")), "it is stale");
    }
    world.end().await;
}
