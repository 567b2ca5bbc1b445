//! What requests of steps reach.

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};

use crate::{
    harness::{Client, LocalServer, Reply, Step, World, get, hook, step, steps},
    process::Process,
};

/// Runs a flow with these steps beside each other, each with retries.
async fn run(client: &Client, requests: Vec<Step>) -> Reply {
    let retry = json!({ "maxAttempts": 3, "initialDelayMs": 1 });
    let requests = requests.into_iter().enumerate();
    let requests =
        requests.map(|(at, step)| step.key(&format!("s{at}")).retry(retry.clone())).collect::<Vec<_>>();
    let links: Vec<Value> =
        (0..requests.len()).map(|at| json!({ "from": "hook", "to": format!("s{at}") })).collect();
    let (flow, _) =
        client.published_graph(steps(std::iter::once(hook()).chain(requests)), json!(links)).await;
    let id = client.run_flow(&flow, json!({})).await;
    client.finished(&id).await
}

/// Checks that each request, sent by a flow of its own, is refused at once. Returns the messages.
async fn refused(client: &Client, requests: impl IntoIterator<Item = Step>) -> Vec<String> {
    let mut messages = Vec::new();
    for request in requests {
        let done = run(client, vec![request]).await;
        let step = done.step("s0");
        assert_eq!(step["error"]["code"], "ADDRESS_NOT_ALLOWED", "{step:#}");
        assert_eq!((&step["status"], &step["attempt"]), (&json!("FAILED"), &json!(1)));
        messages.push(step["error"]["message"].as_str().unwrap().to_owned());
    }
    messages
}

fn ntfy(server: &str) -> Step {
    step("ntfy.publish").parameters(json!({ "server": server, "topic": "t", "message": "m" }))
}

#[tokio::test]
async fn private_addresses_are_refused_unless_a_setting_allows_them() {
    let world = World::start_with(&|config| config.outbound.allow.clear()).await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let port = local.url.rsplit(':').next().unwrap();
    let urls = [
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        format!("{}/echo", local.url),
        format!("http://localhost:{port}/echo"),
        format!("http://2130706433:{port}/echo"),
        format!("http://[::ffff:127.0.0.1]:{port}/echo"),
    ];
    let messages = refused(&ada, urls.iter().map(|url| get("fetch", url)).chain([ntfy(&local.url)])).await;
    assert!(messages.iter().all(|message| message.contains("`outbound.allow`")), "{messages:?}");
    assert!(messages[2].contains(&format!("\"localhost:{port}\"")), "{messages:?}");
    assert_eq!(local.hits(), 0);
    world.end().await;
}

#[tokio::test]
async fn a_redirect_is_checked_like_the_request() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let to = |target: &str| get("fetch", &format!("{}/away?to={target}", local.url));
    refused(&ada, [to("http://169.254.169.254/"), to("http://10.0.0.1:8080/"), to(&world.url)]).await;
    assert_eq!(local.hits(), 3);
    let done = run(&ada, vec![to(&format!("{}/echo", local.url))]).await;
    assert_eq!(done.step("s0")["output"]["status"], 200, "{:#}", done.0);
    world.end().await;
}

#[tokio::test]
async fn the_server_and_its_databases_are_refused_although_loopback_is_allowed() {
    let world = World::start_with(&|config| {
        config.outbound.allow = ["0.0.0.0/0", "::/0", "localhost"].map(str::to_owned).to_vec();
    })
    .await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let port = |url: &str| {
        let authority = url.rsplit('@').next().unwrap().trim_start_matches("mongodb://");
        let authority = authority.trim_start_matches("http://").split(['/', '?']).next().unwrap();
        authority.rsplit(':').next().unwrap().to_owned()
    };
    let server = port(&world.url);
    let urls = [
        world.url.clone(),
        format!("http://localhost:{server}/"),
        format!("http://0.0.0.0:{server}/"),
        format!("http://127.9.9.9:{server}/"),
        format!("http://127.0.0.1:{}/", port(&world.redis_url())),
        format!("http://localhost:{}/", port(&world.mongo_url())),
    ];
    let messages = refused(&ada, urls.iter().map(|url| get("fetch", url)).chain([ntfy(&world.url)])).await;
    assert!(messages.iter().all(|message| message.contains("of this installation")), "{messages:?}");
    let done = run(&ada, vec![get("fetch", &format!("{}/echo", local.url))]).await;
    assert_eq!(done.step("s0")["output"]["status"], 200, "{:#}", done.0);
    world.end().await;
}

#[tokio::test]
async fn no_request_goes_through_a_proxy_of_the_environment() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = proxy.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    std::thread::spawn(move || {
        for _ in proxy.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let process = Process::start_with("proxy", |command| {
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"] {
            command.env(name, format!("http://{address}"));
        }
        command.env_remove("NO_PROXY").env_remove("no_proxy");
    })
    .await;
    let (ada, local) = (Client::new(&process.url).signed_up().await, LocalServer::start().await);
    let done = run(&ada, vec![get("fetch", &format!("{}/echo", local.url))]).await;
    assert_eq!(done.step("s0")["output"]["status"], 200, "{:#}", done.0);
    assert_eq!((local.hits(), connections.load(Ordering::SeqCst)), (1, 0));
    process.end().await;
}
