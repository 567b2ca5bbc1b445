-- Adds notes to flows. A column without a default is added without rewriting the table.

ALTER TABLE flows ADD COLUMN notes text;
