DROP TABLE step_links, steps;
