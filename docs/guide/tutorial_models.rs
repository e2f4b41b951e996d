use rebis::prelude::*;

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "projects")]
pub struct Project {
    #[rebis(primary_key)]
    pub id: i64,
    #[rebis(unique, length = 80)]
    pub name: String,
    #[rebis(relationship(back_populates = "project", cascade = "all, delete-orphan", order_by = "id"))]
    pub tasks: Many<Task>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "tasks")]
pub struct Task {
    #[rebis(primary_key)]
    pub id: i64,
    pub title: String,
    pub done: bool,
    pub minutes: Option<i32>,
    #[rebis(foreign_key = Project::id, index)]
    pub project_id: i64,
    #[rebis(relationship(back_populates = "tasks"))]
    pub project: One<Project>,
    #[rebis(relationship(secondary = TaskLabel, order_by = "name"))]
    pub labels: Many<Label>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "labels")]
pub struct Label {
    #[rebis(primary_key, length = 30)]
    pub name: String,
}

/// The table between tasks and labels.
#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "task_labels")]
pub struct TaskLabel {
    #[rebis(primary_key, foreign_key = Task::id)]
    pub task_id: i64,
    #[rebis(primary_key, length = 30, foreign_key = Label::name)]
    pub label: String,
}
