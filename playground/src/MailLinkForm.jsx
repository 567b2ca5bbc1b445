import { Form } from './Form.jsx';
import { openLink } from './session.js';

const TEXTS = {
  invitation: { title: 'Join an organization', action: 'Join', hint: 'The password of your account, or one for a new account.' },
  confirm: { title: 'Create your account', action: 'Create', hint: 'Choose a password.' },
  reset: { title: 'Choose another password', action: 'Save', hint: 'It ends all your sessions.' },
};

/** Asks for what the link of a mail needs, and signs in with it. */
export function MailLinkForm({ link, onSignedIn, onCancel }) {
  const { title, action, hint } = TEXTS[link.purpose];
  const submit = async (fields) => onSignedIn(await openLink(link, fields));
  return (
    <Form title={title} action={action} onSubmit={submit} onCancel={onCancel}>
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
      <p>{hint}</p>
    </Form>
  );
}
