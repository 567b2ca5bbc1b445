// One set of loaders a request: each level of the query is one statement.

import DataLoader from 'dataloader';
import { raw, ref } from 'objection';
import { Credential, Execution, Flow, FlowVersion, Step } from './models.mjs';

/** Rows by their ids, in the order of the ids. */
const byId = (model, organizationId) =>
  new DataLoader(async (ids) => {
    const rows = await model.query().select(model.columns).findByIds(ids).where({ organizationId });
    const found = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => found.get(id) ?? null);
  });

const grouped = (keys, rows, keyOf) => {
  const groups = new Map(keys.map((key) => [key, []]));
  for (const row of rows) groups.get(keyOf(row)).push(row);
  return keys.map((key) => groups.get(key));
};

const stepsByVersion = (organizationId) =>
  new DataLoader(async (ids) => {
    const rows = await Step.query()
      .select(Step.columns)
      .whereIn('versionId', ids)
      .where({ organizationId })
      .orderBy(['versionId', 'position']);
    return grouped(ids, rows, (row) => row.versionId);
  });

const executionsByFlow = (organizationId, first) =>
  new DataLoader(async (ids) => {
    const newest = Execution.query()
      .select(Execution.columns)
      .where('flowId', ref('flows.id'))
      .orderBy('id', 'desc')
      .limit(first);
    const rows = await Flow.query()
      .select('newest.*')
      .crossJoin(raw('lateral ?', newest.as('newest')))
      .whereIn('flows.id', ids)
      .where('flows.organizationId', organizationId)
      .castTo(Execution);
    return grouped(ids, rows, (row) => row.flowId);
  });

export const loaders = (organizationId) => {
  const executions = new Map();
  return {
    versions: byId(FlowVersion, organizationId),
    credentials: byId(Credential, organizationId),
    steps: stepsByVersion(organizationId),
    /** The page size is an argument of the field, so there is a loader for each that is asked for. */
    executions(first) {
      let loader = executions.get(first);
      if (!loader) executions.set(first, (loader = executionsByFlow(organizationId, first)));
      return loader;
    },
  };
};
