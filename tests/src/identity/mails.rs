//! Invitations, confirmed addresses and lost passwords by mail.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Client, Reply, SmtpServer, World};

const INVITE: &str =
    "mutation($email: String!, $role: ID!) { inviteMember(input: { email: $email, roleId: $role }) {
    token invitation { id mail { status sentAt error } } } }";
const MAIL: &str = "query($id: ID!) { node(id: $id) { ... on Invitation { mail { status sentAt error } } } }";
const ACCEPT: &str = "mutation($token: String!) { acceptInvitation(input: { token: $token, name: \"Grace\",
    password: \"correct horse\" }) { viewer { user { email } organization { name } } } }";
const SIGN_UP: &str = "mutation($email: String!) { signUp(input: { email: $email, password: \"wrong horse\",
    name: \"Grace\", organizationName: \"Compilers\" }) { token } }";
const VERIFY: &str = "mutation($token: String!, $password: String!) {
    verifyEmail(input: { token: $token, password: $password }) { token viewer { organization { name } } } }";
const SIGN_IN: &str = "mutation($email: String!, $password: String!) {
    signIn(input: { email: $email, password: $password }) { token } }";
const ASK: &str =
    "mutation($email: String!) { requestPasswordReset(input: { email: $email }) { requested } }";
const RESET: &str = "mutation($token: String!, $password: String!) {
    resetPassword(input: { token: $token, password: $password }) { token viewer { user { email } } } }";

async fn world(smtp: &SmtpServer, confirm: bool) -> World {
    let url = smtp.url.clone();
    World::start_with(&|config| {
        config.mail.url = Some(url.clone().into());
        config.mail.from = Some("Triptych <triptych@example.com>".to_owned());
        config.mail.page = Some("https://app.example.com/".to_owned());
        config.mail.confirm_addresses = confirm;
    })
    .await
}

async fn invited(client: &Client, email: &str) -> Reply {
    let roles = client.send("{ roles { id name } }", json!({})).await;
    let roles = roles.at("/roles").as_array().unwrap().clone();
    let member = roles.iter().find(|role| role["name"] == "Member").unwrap();
    client.send(INVITE, json!({ "email": email, "role": member["id"] })).await
}

/// Waits until the mail of an invitation has this status.
async fn becomes(client: &Client, invitation: &str, status: &str) -> Value {
    let found = |reply: &Reply| reply.at("/node/mail/status") == status;
    client.until(MAIL, json!({ "id": invitation }), found).await.at("/node/mail").clone()
}

#[tokio::test]
async fn an_invitation_is_sent_to_its_address_and_shows_what_became_of_it() {
    let smtp = SmtpServer::start().await;
    let world = world(&smtp, false).await;
    let ada = world.newcomer().await;
    smtp.be_busy(1);
    let reply = invited(&ada, "grace@example.org").await;
    assert_eq!(reply.at("/inviteMember/token"), &Value::Null, "only the owner of the address gets it");
    assert_eq!(reply.at("/inviteMember/invitation/mail/status"), "QUEUED");
    let invitation = reply.text("/inviteMember/invitation/id");
    let with_error = |reply: &Reply| reply.at("/node/mail/error").is_string();
    let waiting = ada.until(MAIL, json!({ "id": invitation }), with_error).await;
    assert_eq!(waiting.at("/node/mail/status"), "QUEUED");
    assert!(waiting.text("/node/mail/error").contains("try again later"));
    world.clock.advance(Duration::from_mins(1));
    let mail = smtp.mail(0).await;
    assert_eq!((mail.from.as_str(), mail.to.as_str()), ("triptych@example.com", "grace@example.org"));
    assert!(
        mail.text.contains("“Ada” invites you to the organization “Analytical Engines”"),
        "{}",
        mail.text
    );
    assert!(mail.text.contains("https://app.example.com/#invitation=inv_"), "{}", mail.text);
    let sent = becomes(&ada, &invitation, "SENT").await;
    assert!(sent["sentAt"].is_string() && sent["error"].is_null());
    let joined = world.anonymous().send(ACCEPT, json!({ "token": mail.token("invitation") })).await;
    assert_eq!(joined.at("/acceptInvitation/viewer/organization/name"), "Analytical Engines");

    // An address that its server does not know.
    let reply = invited(&ada, "nobody@unknown.example").await;
    let failed = becomes(&ada, &reply.text("/inviteMember/invitation/id"), "FAILED").await;
    assert!(failed["error"].as_str().unwrap().contains("no such mailbox"), "{failed}");
    assert_eq!(smtp.mails().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_mail_is_sent_after_an_outage_of_its_server_and_a_revoked_one_is_not() {
    let smtp = SmtpServer::start().await;
    let mut world = world(&smtp, false).await;
    let ada = world.newcomer().await;
    smtp.be_busy(3);
    let damaged = invited(&ada, "damaged@example.org").await.text("/inviteMember/invitation/id");
    let revoked = invited(&ada, "first@example.org").await.text("/inviteMember/invitation/id");
    let kept = invited(&ada, "second@example.org").await.text("/inviteMember/invitation/id");
    let with_error = |reply: &Reply| reply.at("/node/mail/error").is_string();
    for id in [&damaged, &revoked, &kept] {
        ada.until(MAIL, json!({ "id": id }), with_error).await;
    }
    let revoke = "mutation($id: ID!) { revokeInvitation(input: { invitationId: $id }) { deletedId } }";
    ada.send(revoke, json!({ "id": revoked })).await;
    world.execute("UPDATE mails SET sealed = '\\x00' WHERE recipient = 'damaged@example.org'").await;
    // Another process sends what it can read.
    world.restart_after(Duration::from_mins(10)).await;
    becomes(&ada.moved_to(&world.url), &kept, "SENT").await;
    let mails = smtp.mails();
    assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["second@example.org"]);
    // The same for every attempt, so that programs show it once.
    assert!(mails[0].header("Message-ID").ends_with("@example.com>"));
    world.end().await;
}

#[tokio::test]
async fn signing_up_with_confirmation_tells_nobody_which_addresses_exist() {
    let smtp = SmtpServer::start().await;
    let mut world = world(&smtp, true).await;
    let anonymous = world.anonymous();
    let refused = anonymous.refused(SIGN_UP, json!({ "email": "Grace@example.org" }), "FORBIDDEN").await;
    assert_eq!(refused.0["errors"][0]["extensions"]["reason"], "CONFIRMATION_SENT");
    let mail = smtp.mail(0).await;
    assert_eq!(
        (mail.to.as_str(), mail.header("Subject").as_str()),
        ("Grace@example.org", "Confirm your address")
    );
    let token = mail.token("confirm");
    // The address is not an account before.
    let wrong = json!({ "email": "grace@example.org", "password": "wrong horse" });
    anonymous.refused(SIGN_IN, wrong, "UNAUTHENTICATED").await;
    let verify = |password: &str| json!({ "token": token, "password": password });
    let short = anonymous.refused(VERIFY, verify("short"), "BAD_USER_INPUT").await;
    assert_eq!(short.fields(), ["password"]);
    let verified = anonymous.send(VERIFY, verify("correct horse")).await;
    assert_eq!(verified.at("/verifyEmail/viewer/organization/name"), "Compilers");
    anonymous.refused(VERIFY, verify("correct horse"), "NOT_FOUND").await;
    let right = json!({ "email": "grace@example.org", "password": "correct horse" });
    anonymous.send(SIGN_IN, right).await;

    // The answer to a known address is the same; its owner is told.
    let known = anonymous.refused(SIGN_UP, json!({ "email": "grace@example.org" }), "FORBIDDEN").await;
    assert_eq!(known.0, refused.0);
    let mail = smtp.mail(1).await;
    assert_eq!(mail.header("Subject"), "You have an account already");
    // One address does not receive many mails, and a token expires.
    let ask = json!({ "email": "linus@example.org" });
    for _ in 0..6 {
        anonymous.ask(SIGN_UP, ask.clone()).await;
    }
    anonymous.refused(SIGN_UP, ask, "RATE_LIMITED").await;
    let expired = smtp.mail(6).await.token("confirm");
    world.restart_after(Duration::from_hours(3)).await;
    let expired = json!({ "token": expired, "password": "correct horse" });
    world.anonymous().refused(VERIFY, expired, "NOT_FOUND").await;
    world.end().await;
}

#[tokio::test]
async fn a_lost_password_is_replaced_with_the_token_of_a_mail() {
    let smtp = SmtpServer::start().await;
    let world = world(&smtp, false).await;
    let (ada, anonymous) = (world.newcomer().await, world.anonymous());
    for email in [json!("nobody@example.org"), json!(ada.email)] {
        let asked = anonymous.send(ASK, json!({ "email": email })).await;
        assert_eq!(asked.at("/requestPasswordReset/requested"), true);
    }
    let mail = smtp.mail(0).await;
    assert_eq!(Some(mail.to.clone()), ada.email, "nothing is sent to an address without an account");
    let reset = json!({ "token": mail.token("reset"), "password": "battery staple" });
    let done = anonymous.send(RESET, reset.clone()).await;
    assert_eq!(done.at("/resetPassword/viewer/user/email"), &json!(ada.email));
    anonymous.refused(RESET, reset, "NOT_FOUND").await;
    ada.refused("{ flows { totalCount } }", json!({}), "UNAUTHENTICATED").await;
    let old = json!({ "email": ada.email, "password": "correct horse" });
    anonymous.refused(SIGN_IN, old, "UNAUTHENTICATED").await;
    let ada = ada.with_token(&done.text("/resetPassword/token"));
    let log = "{ auditEvents(filter: { action: \"password.reset\" }) { totalCount } }";
    assert_eq!(ada.send(log, json!({})).await.at("/auditEvents/totalCount"), 1);
    world.end().await;

    // Without a server for mails.
    let world = World::start().await;
    world.anonymous().refused(ASK, json!({ "email": "ada@example.org" }), "FORBIDDEN").await;
    world.end().await;
}
