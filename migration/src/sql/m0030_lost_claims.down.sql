ALTER TABLE execution_steps DROP COLUMN lost_claims;
