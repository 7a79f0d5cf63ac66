//! Dispatcher, promoter, rescuer and sweeper.
