import { pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { savedOperations } from './savedOperations.js';

function Icon(props) {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round" {...props}>
      <path d="M6 3.5h12v17l-6-4.5-6 4.5z" />
    </svg>
  );
}

/** A list of the saved operations. Each opens in a new tab, in its original text. */
function SavedOperations() {
  const { addTab } = useGraphiQLActions();
  const { queryEditor, variableEditor } = useGraphiQL(pick('queryEditor', 'variableEditor'));
  const open = (operation) => {
    addTab();
    queryEditor.setValue(operation.query);
    variableEditor.setValue(operation.variables);
  };
  return (
    <section aria-label="Saved operations" className="triptych-saved">
      <h2>Saved operations</h2>
      <ol>
        {savedOperations.map((operation) => (
          <li key={operation.name}>
            <button type="button" onClick={() => open(operation)}>
              <strong>{operation.name}</strong>
              <span>{operation.summary}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

export const SAVED_OPERATIONS_PLUGIN = { title: 'Saved operations', icon: Icon, content: SavedOperations };
