import { useState } from 'react';

/** A form of a dialog. `onSubmit` gets the fields and returns a promise, whose error is shown. */
export function Form({ title, action, onSubmit, onCancel, children }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);

  const submit = async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    setBusy(true);
    setProblem(null);
    try {
      await onSubmit(Object.fromEntries(new FormData(form)));
      form.reset();
    } catch (error) {
      setProblem(error.message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit}>
      <h2>{title}</h2>
      {children}
      {problem && <p role="alert">{problem}</p>}
      <p className="triptych-actions">
        <button type="button" onClick={onCancel}>Cancel</button>
        <button type="submit" disabled={busy}>{action}</button>
      </p>
    </form>
  );
}
