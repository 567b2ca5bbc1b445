DROP TABLE schedules, webhooks;
