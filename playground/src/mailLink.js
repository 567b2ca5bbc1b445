const PURPOSES = ['invitation', 'confirm', 'reset'];

/** The purpose and the token of a link from a mail, which are the fragment of the address. Null without one. */
export function readLink() {
  const [purpose, token] = location.hash.slice(1).split('=');
  return PURPOSES.includes(purpose) && token ? { purpose, token } : null;
}

/** Removes the token from the address, so that it does not stay in the history of the browser. */
export function forgetLink() {
  history.replaceState(null, '', location.pathname + location.search);
}
