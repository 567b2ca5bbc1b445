-- A step's kind is one of a list, as every other status and kind is.

ALTER TABLE steps ADD CONSTRAINT steps_kind_check
    CHECK (kind IN ('TRIGGER', 'ACTION', 'FILTER', 'BRANCH', 'LOOP', 'DELAY', 'APPROVAL', 'AI', 'RESPOND'));
