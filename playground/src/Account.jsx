import { useEffect, useRef, useState } from 'react';
import { Form } from './Form.jsx';
import { MailLinkForm } from './MailLinkForm.jsx';
import { forgetLink, readLink } from './mailLink.js';
import { enter, signIn, signOut } from './session.js';

/** Shows the signed-in user, with buttons to sign in and out. */
export function Account() {
  const [viewer, setViewer] = useState(undefined);
  const [problem, setProblem] = useState(null);
  const [link, setLink] = useState(readLink);
  const dialog = useRef(null);
  const linkDialog = useRef(null);

  useEffect(() => {
    enter().then(setViewer, (error) => setProblem(error.message));
  }, []);
  useEffect(() => {
    // The dialog is there as soon as the viewer is known.
    if (link && viewer !== undefined) linkDialog.current.showModal();
  }, [link, viewer !== undefined]);

  if (viewer === undefined) return <span className="triptych-account" role="status">{problem}</span>;

  const leave = () => signOut().then(() => setViewer(null), (error) => setProblem(error.message));
  const entered = (next) => {
    dialog.current.close();
    setProblem(null);
    setViewer(next);
  };
  const leaveLink = () => {
    forgetLink();
    linkDialog.current.close();
    setLink(null);
  };
  const enteredByLink = (next) => {
    leaveLink();
    setProblem(null);
    setViewer(next);
  };
  return (
    <span className="triptych-account">
      <span role="status" data-signed-in={viewer !== null} title={viewer?.user.email}>
        {problem ?? (viewer ? `Signed in as ${viewer.user.name} · ${viewer.organization.name}` : 'Signed out')}
      </span>
      {viewer ? (
        <button type="button" onClick={leave}>Sign out</button>
      ) : (
        <button type="button" onClick={() => dialog.current.showModal()}>Sign in</button>
      )}
      <dialog ref={dialog} className="triptych-dialog" aria-label="Sign in">
        <SignInForm onSignedIn={entered} onCancel={() => dialog.current.close()} />
      </dialog>
      <dialog ref={linkDialog} className="triptych-dialog" aria-label="Link of a mail">
        {link && <MailLinkForm link={link} onSignedIn={enteredByLink} onCancel={leaveLink} />}
      </dialog>
    </span>
  );
}

function SignInForm({ onSignedIn, onCancel }) {
  const submit = async ({ email, password }) => onSignedIn(await signIn(email, password));
  return (
    <Form title="Sign in" action="Sign in" onSubmit={submit} onCancel={onCancel}>
      <label>
        E-mail
        <input name="email" type="email" autoComplete="username" required />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete="current-password" required />
      </label>
    </Form>
  );
}
