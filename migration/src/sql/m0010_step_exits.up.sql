-- The links that are followed from a step that succeeded get columns. Earlier versions derived them from the output,
-- which keeps the same fields for templates.

ALTER TABLE execution_steps
    -- Absent: every link of kind NEXT is followed, and no link of kind BRANCH.
    ADD COLUMN exit text CHECK (exit IN ('STOPPED', 'BRANCHED')),
    -- The target of the branch that is followed; absent if no condition held.
    ADD COLUMN branch_step_id uuid REFERENCES steps ON DELETE CASCADE,
    ADD CONSTRAINT execution_steps_branch_check CHECK (branch_step_id IS NULL OR exit = 'BRANCHED');

UPDATE execution_steps
SET exit = 'STOPPED'
FROM steps
WHERE steps.id = execution_steps.step_id AND steps.kind = 'FILTER'
  AND execution_steps.status = 'SUCCEEDED' AND execution_steps.output -> 'passed' = 'false'::jsonb;

UPDATE execution_steps
SET exit = 'BRANCHED',
    branch_step_id = (
        SELECT target.id FROM steps target
        WHERE target.version_id = steps.version_id AND target.key = execution_steps.output ->> 'taken'
    )
FROM steps
WHERE steps.id = execution_steps.step_id AND steps.kind = 'BRANCH' AND execution_steps.status = 'SUCCEEDED';

CREATE INDEX execution_steps_branch_idx ON execution_steps (branch_step_id) WHERE branch_step_id IS NOT NULL;
