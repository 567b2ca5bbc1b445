//! Jobs. They contain only ids; workers read all other data from the databases.

use serde::{Deserialize, Serialize};

use crate::ids::{ExecutionId, ExecutionStepId, GenerationId, ScheduleFiringId};

/// The BullMQ queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Starts flows at the times of their schedules, apart from the events of webhooks.
    Schedule,
    /// Starts executions.
    Trigger,
    /// Advances executions.
    Flow,
    /// Runs one step.
    Action,
    /// Runs generations of threads.
    Generation,
}

impl Queue {
    pub const ALL: [Self; 5] = [Self::Schedule, Self::Trigger, Self::Flow, Self::Action, Self::Generation];

    /// The position in [`Queue::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Schedule => 0,
            Self::Trigger => 1,
            Self::Flow => 2,
            Self::Action => 3,
            Self::Generation => 4,
        }
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Trigger => "trigger",
            Self::Flow => "flow",
            Self::Action => "action",
            Self::Generation => "generation",
        }
    }

    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| queue.name() == name)
    }
}

/// The field of a job with the id of its organization.
pub const ORGANIZATION: &str = "organizationId";

/// A job's task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Job {
    /// `trigger`: begin the execution of an accepted event.
    Begin { execution_id: ExecutionId },
    /// `schedule`: start the flow of a schedule for one of its times.
    Fire { firing_id: ScheduleFiringId },
    /// `schedule`: begin the execution that a schedule has started.
    BeginScheduled { execution_id: ExecutionId },
    /// `flow`: advance an execution.
    Advance { execution_id: ExecutionId },
    /// `flow`: stop the generations of an execution that was cancelled or has failed.
    StopGenerations { execution_id: ExecutionId },
    /// `action`: run a step.
    Step { execution_step_id: ExecutionStepId },
    /// `generation`: run a generation.
    Generate { generation_id: GenerationId },
}

impl Job {
    #[must_use]
    pub fn queue(&self) -> Queue {
        match self {
            Self::Fire { .. } | Self::BeginScheduled { .. } => Queue::Schedule,
            Self::Begin { .. } => Queue::Trigger,
            Self::Advance { .. } | Self::StopGenerations { .. } => Queue::Flow,
            Self::Step { .. } => Queue::Action,
            Self::Generate { .. } => Queue::Generation,
        }
    }

    /// The name that a queue dashboard shows.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Begin { .. } | Self::BeginScheduled { .. } => "begin",
            Self::Fire { .. } => "fire",
            Self::Advance { .. } => "advance",
            Self::StopGenerations { .. } => "stop-generations",
            Self::Step { .. } => "step",
            Self::Generate { .. } => "generate",
        }
    }
}
