// Objection's models of the tables. Each names the columns that its GraphQL type shows, so that no query reads the
// large ones.

import { Model } from 'objection';

export class Flow extends Model {
  static tableName = 'flows';
  static columns = ['id', 'name', 'status', 'draftVersionId'];
}

export class FlowVersion extends Model {
  static tableName = 'flow_versions';
  static columns = ['id', 'number'];
}

export class Step extends Model {
  static tableName = 'steps';
  static columns = ['id', 'versionId', 'key', 'name', 'operation', 'credentialId'];
}

export class Credential extends Model {
  static tableName = 'credentials';
  static columns = ['id', 'name'];
}

export class Execution extends Model {
  static tableName = 'executions';
  static columns = ['id', 'flowId', 'status', 'createdAt', 'finishedAt'];
}
