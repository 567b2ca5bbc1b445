DROP TABLE execution_logs, execution_steps, executions;
