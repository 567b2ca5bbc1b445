import { forget } from './latest.js';
import { request } from './http.js';

const VIEWER = '{ viewer { user { name email } organization { name } } }';
const SIGN_IN = 'mutation SignIn($input: SignInInput!) { signIn(input: $input) { token expiresAt } }';
const SIGN_OUT = 'mutation SignOut { signOut(input: {}) { __typename } }';

/** Who the session cookie belongs to, or null. */
export async function loadViewer() {
  return (await run(VIEWER)).viewer;
}

/** The server answers with a token for other clients and sets the cookie that this page uses. */
export async function signIn(email, password) {
  await run(SIGN_IN, { input: { email, password } });
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
