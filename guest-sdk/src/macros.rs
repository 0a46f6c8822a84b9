//! The macro [`export!`](crate::export).

/// Makes a type the model of this crate. Use it once, at the crate's root, with a type that implements
/// [`Scorer`](crate::Scorer).
///
/// For the sandbox it writes the component's exports and the contract version. Natively it only checks
/// the type.
#[macro_export]
macro_rules! export {
    ($model:ty $(,)?) => {
        // Natively these are all there is: a check of the type, and a name that a second use in the same
        // module would define again.
        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code, reason = "a name that nobody else would choose")]
        enum __switchback_guest_export_is_used_only_once {}
        const _: () = $crate::__private::is_scorer::<$model>();

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            ::std::thread_local! {
                static MODEL: $crate::__private::Model<$model> = const { $crate::__private::Model::empty() };
            }

            struct Plugin;

            impl $crate::__private::bindings::Guest for Plugin {
                fn prepare(data: ::std::vec::Vec<u8>) -> ::std::result::Result<(), ::std::string::String> {
                    MODEL.with(|model| $crate::__private::prepare(model, data))
                }

                fn score(
                    message: &$crate::__private::bindings::Message,
                ) -> ::std::result::Result<$crate::__private::bindings::Outcome, ::std::string::String> {
                    MODEL.with(|model| $crate::__private::score(model, message))
                }
            }

    $crate::__private::bindings::export_plugin!(Plugin with_types_in $crate::__private::bindings);

            #[used]
            #[unsafe(link_section = "switchback:contract")]
            static CONTRACT: [u8; 5] = *b"1.1.0";
        };
    };
    ($($anything:tt)*) => {
        ::std::compile_error!("export! takes one type, the model of this crate: `export!(MyModel);`");
    };
}
