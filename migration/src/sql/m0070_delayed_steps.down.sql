CREATE INDEX executions_unfinished_idx ON executions (id) WHERE finished_at IS NULL;
DROP INDEX executions_queued_idx;
CREATE INDEX execution_steps_unfinished_idx ON execution_steps (id) WHERE finished_at IS NULL;
DROP INDEX execution_steps_undelayed_idx;
DROP INDEX execution_steps_due_idx;
