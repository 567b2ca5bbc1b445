ALTER TABLE executions ADD COLUMN schedule_id uuid REFERENCES schedules ON DELETE SET NULL;
CREATE UNIQUE INDEX executions_firing_key ON executions (schedule_id, scheduled_for) WHERE schedule_id IS NOT NULL;
DROP INDEX executions_version_firing_key;
DROP TABLE schedule_firings;
DROP INDEX schedules_next_idx;
ALTER TABLE schedules DROP COLUMN missed, DROP COLUMN next_at;
