//! The tasks in flight: a record each, and the queue of when to ask for them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::kind::WorkKind;

/// A task in an [`Engine`](super::Engine). It stands for nothing in another engine, and for nothing once the task has
/// completed, failed or was removed: calls with it then do nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TaskHandle {
    slot: u32,
    generation: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// The slot is free.
    Free,
    /// In the queue.
    Waiting,
    /// A request is on its way.
    Asked,
}

/// What is known about one task. Times are nanoseconds since the engine's origin, ages are seconds.
#[expect(clippy::struct_excessive_bools, reason = "a record of facts that are independent of each other")]
#[derive(Debug, Clone)]
pub(crate) struct Flight {
    /// When it was submitted, perhaps before the origin; when it was taken up, if that is not known.
    pub(crate) submitted: i64,
    /// When the latest request was sent, or the task was added.
    pub(crate) asked: u64,
    /// When the latest request was sent that was answered with "not yet"; 0 for none.
    pub(crate) seen: u64,
    /// Not before, because the server asked for it.
    pub(crate) floor: u64,
    /// Not after, because somebody's deadline ends.
    pub(crate) by: u64,
    /// When it is in the queue for.
    pub(crate) due: u64,
    /// How much earlier it may go along with others, in nanoseconds.
    pub(crate) leeway: u32,
    /// Progress 0 to 1 with the age it was told at: the first and the latest. Not a number where there is none.
    pub(crate) first_progress: (f32, f32),
    pub(crate) progress: (f32, f32),
    /// What the progress said first that can be held against it: the age, and the end expected then; 0 for nothing.
    pub(crate) foretold: (f32, f32),
    /// Whether that was told by two reports, from which the time in the queue is known.
    pub(crate) foretold_by_two: bool,
    /// 0 to 1, drawn anew for each request.
    pub(crate) jitter: f32,
    pub(crate) requests: u32,
    generation: u32,
    pub(crate) kind: WorkKind,
    pub(crate) state: State,
    /// Whether `submitted` is the submit.
    pub(crate) age_known: bool,
    /// Whether few others of its kind ran when it was added.
    pub(crate) alone: bool,
    /// Whether it was watched from its submit on.
    pub(crate) from_submit: bool,
}

impl Flight {
    pub(crate) fn new(kind: WorkKind, now: u64) -> Self {
        Self {
            submitted: signed(now),
            asked: now,
            seen: 0,
            floor: 0,
            by: u64::MAX,
            due: now,
            leeway: 0,
            first_progress: (f32::NAN, 0.0),
            progress: (f32::NAN, 0.0),
            foretold: (0.0, 0.0),
            foretold_by_two: false,
            jitter: 0.0,
            requests: 0,
            generation: 0,
            kind,
            state: State::Waiting,
            age_known: true,
            alone: true,
            from_submit: true,
        }
    }

    /// Its age in seconds at a time.
    pub(crate) fn age(&self, at: u64) -> f64 {
        (signed(at).saturating_sub(self.submitted)).max(0) as f64 * 1e-9
    }
}

pub(crate) fn signed(nanoseconds: u64) -> i64 {
    i64::try_from(nanoseconds).unwrap_or(i64::MAX)
}

/// A time of the caller's as nanoseconds; one beyond the centuries counts as the last.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A place in the queue. It is void if the task is not waiting for just this time any more.
type Place = Reverse<(u64, u32)>;

/// All tasks in flight.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flights {
    slots: Vec<Flight>,
    free: Vec<u32>,
    queue: BinaryHeap<Place>,
}

impl Flights {
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn add(&mut self, flight: Flight) -> TaskHandle {
        if let Some(slot) = self.free.pop() {
            let place = &mut self.slots[slot as usize];
            let generation = place.generation;
            *place = Flight { generation, ..flight };
            return TaskHandle { slot, generation };
        }
        let slot = u32::try_from(self.slots.len()).expect("four billion tasks do not fit into memory");
        let generation = flight.generation;
        // By a quarter, not twofold: a record is for a task, not for room.
        if self.slots.len() == self.slots.capacity() {
            self.slots.reserve_exact(self.slots.len() / 4 + 16);
        }
        self.slots.push(flight);
        TaskHandle { slot, generation }
    }

    pub(crate) fn get_mut(&mut self, handle: TaskHandle) -> Option<&mut Flight> {
        let flight = self.slots.get_mut(handle.slot as usize)?;
        (flight.generation == handle.generation && flight.state != State::Free).then_some(flight)
    }

    pub(crate) fn get(&self, handle: TaskHandle) -> Option<&Flight> {
        let flight = self.slots.get(handle.slot as usize)?;
        (flight.generation == handle.generation && flight.state != State::Free).then_some(flight)
    }

    /// Takes a task out; none where the handle stands for nothing.
    pub(crate) fn remove(&mut self, handle: TaskHandle) -> Option<Flight> {
        let flight = self.get_mut(handle)?;
        let removed = flight.clone();
        flight.state = State::Free;
        flight.generation = flight.generation.wrapping_add(1);
        self.free.push(handle.slot);
        self.sweep();
        Some(removed)
    }

    /// Void places are left in the queue until they come up, or are more than the others.
    fn sweep(&mut self) {
        if self.queue.len() > 64 && self.queue.len() > 2 * self.len() {
            let slots = &self.slots;
            self.queue.retain(|place| is_valid(slots, *place));
        }
    }

    /// Puts a task in the queue for the time that it is due.
    pub(crate) fn enqueue(&mut self, handle: TaskHandle) {
        if let Some(flight) = self.get_mut(handle) {
            flight.state = State::Waiting;
            let due = flight.due;
            if self.queue.len() == self.queue.capacity() {
                self.queue.reserve_exact(self.queue.len() / 4 + 16);
            }
            self.queue.push(Reverse((due, handle.slot)));
            self.sweep();
        }
    }

    /// The time for which the first task is due.
    pub(crate) fn first_due(&mut self) -> Option<u64> {
        while let Some(place) = self.queue.peek() {
            if is_valid(&self.slots, *place) {
                return Some(place.0.0);
            }
            self.queue.pop();
        }
        None
    }

    /// The first task in the queue. To be called after [`first_due`](Self::first_due).
    pub(crate) fn first(&self) -> Option<&Flight> {
        self.queue.peek().map(|Reverse((_, slot))| &self.slots[*slot as usize])
    }

    /// Takes the first task out of the queue. To be called after [`first_due`](Self::first_due) told that there is one.
    pub(crate) fn take_first(&mut self) -> Option<(TaskHandle, &mut Flight)> {
        let Reverse((_, slot)) = self.queue.pop()?;
        let flight = &mut self.slots[slot as usize];
        flight.state = State::Asked;
        Some((TaskHandle { slot, generation: flight.generation }, flight))
    }

    /// Gives every waiting task a new time, and makes the queue anew in one go.
    pub(crate) fn replan(&mut self, mut plan: impl FnMut(&mut Flight)) {
        let mut places = std::mem::take(&mut self.queue).into_vec();
        places.clear();
        for (slot, flight) in self.slots.iter_mut().enumerate() {
            if flight.state == State::Waiting {
                plan(flight);
                places.push(Reverse((flight.due, u32::try_from(slot).expect("a slot was counted in 32 bits"))));
            }
        }
        self.queue = places.into();
    }

    /// The sum of a value over all tasks, estimated from about `size` of them.
    pub(crate) fn sum_of_sample(&self, size: usize, value: impl Fn(&Flight) -> f64) -> f64 {
        let stride = (self.slots.len() / size).max(1);
        let (mut sum, mut count) = (0.0, 0_usize);
        for flight in self.slots.iter().step_by(stride).filter(|flight| flight.state != State::Free) {
            sum += value(flight);
            count += 1;
        }
        if count == 0 { 0.0 } else { sum * self.len() as f64 / count as f64 }
    }

    /// The memory it takes, in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.slots.capacity() * size_of::<Flight>()
            + self.free.capacity() * size_of::<u32>()
            + self.queue.capacity() * size_of::<Place>()
    }
}

fn is_valid(slots: &[Flight], Reverse((due, slot)): Place) -> bool {
    let flight = &slots[slot as usize];
    flight.state == State::Waiting && flight.due == due
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_of_the_past_stands_for_nothing() {
        let mut flights = Flights::default();
        let first = flights.add(Flight::new(WorkKind::UNKNOWN, 5));
        flights.enqueue(first);
        assert!(flights.remove(first).is_some() && flights.remove(first).is_none());
        let second = flights.add(Flight::new(WorkKind::UNKNOWN, 7));
        assert!(flights.get(first).is_none() && flights.get(second).is_some());
        flights.enqueue(second);
        assert_eq!(flights.first_due(), Some(7));
        assert_eq!(flights.take_first().map(|(handle, _)| handle), Some(second));
        assert_eq!((flights.first_due(), flights.len()), (None, 1));
    }

    #[test]
    fn removed_tasks_do_not_fill_the_queue() {
        let mut flights = Flights::default();
        for _ in 0..100_000 {
            let handle = flights.add(Flight::new(WorkKind::UNKNOWN, 5));
            flights.enqueue(handle);
            flights.remove(handle);
        }
        assert!(flights.memory() < 20_000, "{}", flights.memory());
    }
}
