-- What organizations use, for their quotas: one row for each organization, day and shard.
CREATE TABLE usage_counters (
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    day              date NOT NULL,
    shard            smallint NOT NULL,
    executions       bigint NOT NULL,
    bytes            bigint NOT NULL,
    PRIMARY KEY (organization_id, day, shard)
);
