-- The removed values can be derived from the outputs.
ALTER TABLE execution_steps DROP COLUMN exit, DROP COLUMN branch_step_id;
