//! Jobs. They contain only ids; workers read all other data from the databases.

use serde::{Deserialize, Serialize};

use crate::ids::{ExecutionId, ExecutionStepId, FlowId, GenerationId, ScheduleId};

/// The BullMQ queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Starts executions, and handles schedules.
    Trigger,
    /// Advances executions.
    Flow,
    /// Runs one step.
    Action,
    /// Runs generations of threads.
    Generation,
}

impl Queue {
    pub const ALL: [Self; 4] = [Self::Trigger, Self::Flow, Self::Action, Self::Generation];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
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

/// A job's task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Job {
    /// `trigger`: begin the execution of an accepted event.
    Begin { execution_id: ExecutionId },
    /// `trigger`: a schedule is due. Created by BullMQ's job scheduler; the due time follows from the job's options.
    Fire { schedule_id: ScheduleId },
    /// `trigger`: mirror a flow's schedules to the queue's job schedulers.
    MirrorSchedules { flow_id: FlowId },
    /// `flow`: advance an execution.
    Advance { execution_id: ExecutionId },
    /// `action`: run a step.
    Step { execution_step_id: ExecutionStepId },
    /// `generation`: run a generation.
    Generate { generation_id: GenerationId },
}

impl Job {
    #[must_use]
    pub fn queue(&self) -> Queue {
        match self {
            Self::Begin { .. } | Self::Fire { .. } | Self::MirrorSchedules { .. } => Queue::Trigger,
            Self::Advance { .. } => Queue::Flow,
            Self::Step { .. } => Queue::Action,
            Self::Generate { .. } => Queue::Generation,
        }
    }

    /// The name that a queue dashboard shows.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Begin { .. } => "begin",
            Self::Fire { .. } => "fire",
            Self::MirrorSchedules { .. } => "mirror-schedules",
            Self::Advance { .. } => "advance",
            Self::Step { .. } => "step",
            Self::Generate { .. } => "generate",
        }
    }
}
