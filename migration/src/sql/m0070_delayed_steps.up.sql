-- Indexes of the reconciler. Delayed work has an index of its own, by its due time, so that looking for lost work does
-- not read it before.
CREATE INDEX execution_steps_due_idx ON execution_steps (due_at, id) WHERE finished_at IS NULL AND due_at IS NOT NULL;
CREATE INDEX execution_steps_undelayed_idx ON execution_steps (id) WHERE finished_at IS NULL AND due_at IS NULL;
DROP INDEX execution_steps_unfinished_idx;
CREATE INDEX executions_queued_idx ON executions (id) WHERE status = 'QUEUED';
DROP INDEX executions_unfinished_idx;
