import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { Account } from './Account.jsx';
import { LatestIds } from './LatestIds.jsx';
import { Logo } from './Logo.jsx';
import { SAVED_OPERATIONS_PLUGIN } from './SavedOperations.jsx';
import { savedOperations } from './savedOperations.js';
import { fetcher } from './fetcher.js';

const plugins = [SAVED_OPERATIONS_PLUGIN, HISTORY_PLUGIN];

/** The page: GraphiQL with account, logo, saved operations and live transport. */
export function Playground() {
  return (
    <GraphiQL
      fetcher={fetcher}
      plugins={plugins}
      defaultTabs={savedOperations}
      defaultEditorToolsVisibility="variables"
      inputValueDeprecation
      schemaDescription
    >
      <GraphiQL.Logo>
        <Account />
        <Logo />
      </GraphiQL.Logo>
      <GraphiQL.Footer>
        <LatestIds />
      </GraphiQL.Footer>
    </GraphiQL>
  );
}
