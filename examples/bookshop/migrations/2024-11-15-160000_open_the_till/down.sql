DROP TABLE till_days;
