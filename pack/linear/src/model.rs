//! [`Model`]: parameters, and what they make of a message.

use std::ops::RangeInclusive;

use crate::kinds::Kinds;
use crate::names::{Names, shown};
use crate::structure::{Known, Structure};

/// The fewest and the most bits of a place in the table: 256 bytes to 16 MiB of weights.
pub const BITS: RangeInclusive<u32> = 8..=24;

/// A linear model's parameters.
///
/// Weights of text are bytes: after each message the sandbox looks through the model's memory for what was written, so a model
/// that is a quarter of the size is also sooner ready for the next message.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub(crate) kinds: Kinds,
    pub(crate) bits: u32,
    pub(crate) bias: f64,
    pub(crate) scale: f64,
    pub(crate) values: Vec<i8>,
    pub(crate) structure: Structure,
    pub(crate) names: Names,
    /// The least weight of a feature with a name: what weighs less has none.
    pub(crate) loud: u8,
}

impl Model {
    /// Parameters from their parts. The weights of text are rounded to 127 steps on either side of zero, and the largest is the
    /// last step.
    ///
    /// # Panics
    /// Unless the number of values is a power of two within [`BITS`], and every number is finite: rounding would hide one that is
    /// not.
    pub fn new(kinds: Kinds, bias: f64, values: &[f32], structure: Structure) -> Self {
        assert!(values.len().is_power_of_two(), "{} weights are not a power of two", values.len());
        assert!(BITS.contains(&values.len().ilog2()), "{} weights are too few or too many", values.len());
        let weights = values.iter().copied().chain(structure.known().iter().map(|known| known.weight));
        assert!(weights.chain([bias as f32]).all(f32::is_finite), "a weight is not a finite number");
        let largest = values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let step = if largest > 0.0 { f64::from(largest) / f64::from(i8::MAX) } else { 1.0 };
        let rounded = values.iter().map(|value| (f64::from(*value) / step).round() as i8).collect();
        let in_steps = |known: &Known| Known { weight: (f64::from(known.weight) / step) as f32, ..known.clone() };
        let structure = Structure::new(structure.known().iter().map(in_steps).collect());
        Self {
            kinds,
            bits: values.len().ilog2(),
            bias,
            scale: step,
            values: rounded,
            structure,
            names: Names::default(),
            loud: u8::MAX,
        }
    }

    /// The same model with names for some features of text. Of features that weigh nothing they are left out.
    #[must_use]
    pub fn named(self, names: Names) -> Self {
        let heard = names.named().iter().filter(|(feature, _)| self.weight(*feature) != 0).cloned().collect();
        self.with_names(Names::new(heard))
    }

    pub(crate) fn with_names(mut self, names: Names) -> Self {
        self.loud =
            names.named().iter().map(|(feature, _)| self.weight(*feature).unsigned_abs()).min().unwrap_or(u8::MAX);
        self.names = names;
        self
    }

    /// The same model with log-odds `scale * x + bias` where they were `x`: calibrated anew. The order of messages stays, if the
    /// scale is positive.
    #[must_use]
    pub fn calibrated(mut self, scale: f64, bias: f64) -> Self {
        self.scale *= scale;
        self.bias = scale * self.bias + bias;
        self
    }

    /// Which features it reads.
    pub fn kinds(&self) -> Kinds {
        self.kinds
    }

    /// How many bits a place in the table has.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// The log-odds of a message of which nothing is known.
    pub fn bias(&self) -> f64 {
        self.bias
    }

    /// The features of the structure that it knows. Their weights are in steps of the table's.
    pub fn structure_known(&self) -> &Structure {
        &self.structure
    }

    /// What a field of text adds to the log-odds: its features by kind, words first. 0 of a field without any.
    pub fn text(&self, features: &[&[u32]]) -> f64 {
        let count: usize = features.iter().map(|features| features.len()).sum();
        if count == 0 {
            return 0.0;
        }
        let sum: i64 = features.iter().map(|features| self.sum(features)).sum();
        self.scale * sum as f64 / (count as f64).sqrt()
    }

    /// What the structure adds to the log-odds.
    pub fn structure(&self, features: &[u32]) -> f64 {
        self.scale * self.structure.sum(features)
    }

    /// The names of what weighs most in a field of text, in the direction of what the field adds.
    pub fn text_names(&self, features: &[&[u32]], adds: f64) -> String {
        let named = features.iter().copied().flatten().filter_map(|feature| {
            let weight = self.weight(*feature);
            let is_loud = weight.unsigned_abs() >= self.loud && (weight > 0) == (adds > 0.0);
            let name = is_loud.then(|| self.names.get(*feature)).flatten()?;
            Some((f64::from(weight).abs(), name))
        });
        shown(named)
    }

    /// The names of what weighs most in the structure, in the direction of what it adds.
    pub fn structure_names(&self, features: &[u32], adds: f64) -> String {
        let known = features.iter().filter_map(|feature| self.structure.get(*feature));
        let known = known.filter(|known| (known.weight > 0.0) == (adds > 0.0));
        shown(known.map(|known| (f64::from(known.weight).abs(), &*known.name)))
    }

    /// The names of features of text.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The weight of a feature of text, in steps of the table: what [`text`](Self::text) multiplies and divides is in proportion.
    pub fn weight(&self, feature: u32) -> i8 {
        let place = (feature >> (u32::BITS - self.bits)) as usize;
        self.values.get(place).copied().unwrap_or(0)
    }

    /// Eight to a turn: in the sandbox each turn of a loop pays for the host's interruption check.
    fn sum(&self, features: &[u32]) -> i64 {
        let weight = |feature: u32| i64::from(self.weight(feature));
        let (eights, rest) = features.as_chunks::<8>();
        let mut sum = 0;
        for &[a, b, c, d, e, f, g, h] in eights {
            sum += weight(a) + weight(b) + weight(c) + weight(d) + weight(e) + weight(f) + weight(g) + weight(h);
        }
        for &feature in rest {
            sum += weight(feature);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(feature: u32, weight: f32) -> Known {
        Known { feature, weight, name: String::new() }
    }

    fn model(known: Vec<Known>) -> Model {
        let values: Vec<f32> = (0..256).map(|i| i as f32 - 128.0).collect();
        Model::new(Kinds::PAIRS, -1.0, &values, Structure::new(known))
    }

    #[test]
    fn a_field_adds_its_weights_over_the_root_of_its_features_whatever_kind_they_are_of() {
        let model = model(Vec::new());
        for count in [1, 7, 8, 9, 40] {
            let features: Vec<u32> = (0..count).map(|i: u32| (i * 37 % 256) << 24 | 0xAB_CDEF).collect();
            let sum: f64 = features.iter().map(|feature| f64::from(model.weight(*feature))).sum();
            let expected = model.scale * sum / f64::from(count).sqrt();
            let (words, pairs) = features.split_at(features.len() / 3);
            assert_eq!([model.text(&[&features]), model.text(&[words, pairs])], [expected; 2], "{count} features");
        }
        assert_eq!(model.text(&[&[], &[]]), 0.0);
        assert!((model.text(&[&[0xFF00_0000]]) - 127.0).abs() < 0.6);
    }

    #[test]
    fn what_of_the_structure_is_not_known_is_not_there() {
        let model = model(vec![known(7, 2.0), known(3, -4.0)]);
        assert!((model.structure(&[7]) - 2.0).abs() < 1e-6);
        assert_eq!(model.structure(&[7, 3]), model.structure(&[9, 7, 1, 3, 8]));
        assert_eq!(model.structure(&[9]), 0.0);
    }

    #[test]
    fn a_field_names_what_weighs_most_in_its_direction() {
        let all = [(0xFF00_0000, "loud"), (0x0000_0000, "quiet"), (0x9000_0000, "less"), (0x8000_0000, "nothing")];
        let model = model(vec![Known { name: "field:x".to_owned(), ..known(7, 2.0) }]);
        let model = model.named(Names::new(all.map(|(feature, name)| (feature, name.to_owned())).to_vec()));
        assert_eq!(model.names().named().len(), 3, "what weighs nothing has no name");
        let features = [0x9000_0000, 0x0000_0000, 0xFF00_0000, 0xFE00_0000];
        assert_eq!(model.text_names(&[&features], 1.0), "loud, less");
        assert_eq!(model.text_names(&[&features], -1.0), "quiet");
        assert_eq!([model.structure_names(&[7], 1.0), model.structure_names(&[7], -1.0)], ["field:x", ""]);
    }

    #[test]
    fn calibrating_keeps_the_order_of_messages() {
        let plain = model(vec![known(7, 2.0)]);
        let calibrated = plain.clone().calibrated(0.5, 3.0);
        for features in [0x1200_0000, 0xFF00_0000] {
            let odds = |model: &Model| model.bias() + model.text(&[&[features]]) + model.structure(&[7]);
            assert!((odds(&calibrated) - (0.5 * odds(&plain) + 3.0)).abs() < 1e-9);
        }
    }

    #[test]
    #[should_panic(expected = "not a finite number")]
    fn a_weight_that_is_no_number_is_not_rounded_away() {
        Model::new(Kinds::WORDS, 0.0, &[f32::NAN; 256], Structure::default());
    }
}
