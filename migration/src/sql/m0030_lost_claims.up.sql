-- Claims of a step in a row that ended without a report. A step that ends its workers is given up after some.
ALTER TABLE execution_steps ADD COLUMN lost_claims integer NOT NULL DEFAULT 0;
