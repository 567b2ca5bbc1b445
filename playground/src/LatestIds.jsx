import { useSyncExternalStore } from 'react';
import { latestIds, subscribeToLatest } from './latest.js';

/** The line below the response: the current value of each placeholder. */
export function LatestIds() {
  const ids = useSyncExternalStore(subscribeToLatest, latestIds);
  const known = Object.entries(ids);
  if (known.length === 0) {
    return <p className="triptych-latest">Ids of responses appear here and replace placeholders such as "&lt;latest flow&gt;" in variables.</p>;
  }
  return (
    <dl className="triptych-latest">
      {known.map(([kind, id]) => (
        <div key={kind}>
          <dt>&lt;latest {kind}&gt;</dt>
          <dd>
            <button type="button" title={`Copy ${id}`} onClick={() => navigator.clipboard?.writeText(id)}>
              {id.slice(0, id.indexOf('_') + 1)}…{id.slice(-5)}
            </button>
          </dd>
        </div>
      ))}
    </dl>
  );
}
