import { forget } from './latest.js';
import { request } from './http.js';

const VIEWER = '{ viewer { user { name email } organization { name } } }';
const SIGN_IN = 'mutation SignIn($input: SignInInput!) { signIn(input: $input) { token expiresAt } }';
/** The mutations of links in mails, by the purpose of the link. */
const LINKS = {
  invitation: 'mutation AcceptInvitation($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { __typename } }',
  confirm: 'mutation VerifyEmail($input: VerifyEmailInput!) { verifyEmail(input: $input) { __typename } }',
  reset: 'mutation ResetPassword($input: ResetPasswordInput!) { resetPassword(input: $input) { __typename } }',
};
const SIGN_OUT = 'mutation SignOut { signOut(input: {}) { __typename } }';

/** Returns the viewer of the session cookie, or null. */
export async function loadViewer() {
  return (await run(VIEWER)).viewer;
}

/** As `loadViewer`. Without a session, it opens one of the demo user, if the server is on this machine and has one. */
export async function enter() {
  const viewer = await loadViewer();
  if (viewer) return viewer;
  const response = await fetch('/playground/session', {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ origin: location.origin }),
  });
  return response.ok ? loadViewer() : null;
}

/** Signs in. The server sets the session cookie; the token in its response is for other clients. */
export async function signIn(email, password) {
  await run(SIGN_IN, { input: { email, password } });
  forget();
  return loadViewer();
}

/** Does what a link of a mail is for, which signs in. */
export async function openLink({ purpose, token }, { name, password }) {
  const input = { token, password, ...(name ? { name } : {}) };
  await run(LINKS[purpose], { input });
  forget();
  return loadViewer();
}

export async function signOut() {
  await run(SIGN_OUT);
  forget();
}

async function run(query, variables) {
  const { data, errors } = await request({ query, variables });
  if (errors?.length) throw new Error(errors[0].message);
  return data;
}
