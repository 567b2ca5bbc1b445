ALTER TABLE steps DROP CONSTRAINT steps_kind_check;
