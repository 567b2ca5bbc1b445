-- Restricts the kind of a step to the known values.

ALTER TABLE steps ADD CONSTRAINT steps_kind_check
    CHECK (kind IN ('TRIGGER', 'ACTION', 'FILTER', 'BRANCH', 'LOOP', 'DELAY', 'APPROVAL', 'AI', 'RESPOND'));
