//! Commands of commands, such as `switchback guard`.

/// Makes the arguments of a command of which each subcommand is a module with `Args` and `run`, and runs the one that was meant.
/// The module in which this stands has `EXAMPLES` and `EXIT_CODES`.
macro_rules! family {
    ($(#[$about:meta])* $($command:ident = $module:ident),+ $(,)?) => {
        $(#[$about])*
        #[derive(clap::Args)]
        #[command(after_long_help = crate::exit::after_help(EXAMPLES, EXIT_CODES))]
        pub(crate) struct Args {
            #[command(subcommand)]
            command: Command,
        }

        #[derive(clap::Subcommand)]
        enum Command {
            $($command(Box<$module::Args>)),+
        }

        /// Runs the command.
        pub(crate) fn run(args: &Args) -> anyhow::Result<crate::exit::Exit> {
            match &args.command {
                $(Command::$command(args) => $module::run(args)),+
            }
        }
    };
}

pub(crate) use family;
