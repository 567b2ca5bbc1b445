import { useState } from 'react';
import { openLink } from './session.js';

const TEXTS = {
  invitation: { title: 'Join an organization', action: 'Join', hint: 'The password of your account, or one for a new account.' },
  confirm: { title: 'Create your account', action: 'Create', hint: 'Choose a password.' },
  reset: { title: 'Choose another password', action: 'Save', hint: 'It ends all your sessions.' },
};

/** Asks for what the link of a mail needs, and signs in with it. */
export function MailLinkForm({ link, onSignedIn, onCancel }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const texts = TEXTS[link.purpose];

  const submit = async (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.currentTarget));
    setBusy(true);
    setProblem(null);
    try {
      onSignedIn(await openLink(link, fields));
    } catch (error) {
      setProblem(error.message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit}>
      <h2>{texts.title}</h2>
      {link.purpose === 'invitation' && (
        <label>
          Name, for a new account
          <input name="name" autoComplete="name" maxLength={120} />
        </label>
      )}
      <label>
        Password
        <input name="password" type="password" autoComplete="new-password" minLength={8} maxLength={256} required />
      </label>
      <p>{texts.hint}</p>
      {problem && <p role="alert">{problem}</p>}
      <p className="triptych-actions">
        <button type="button" onClick={onCancel}>Cancel</button>
        <button type="submit" disabled={busy}>{texts.action}</button>
      </p>
    </form>
  );
}
