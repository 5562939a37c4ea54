/* Common settings, spread into each app. */
const common = {
  interpreter: 'none',
  kill_timeout: 30_000,
  env: { NODE_ENV: 'production' },
}

module.exports.apps = [
  { ...common, name: 'mail', script: './bin/mail', instances: process.env.MAIL_WORKERS || 2 },
  { ...common, name: 'images', script: 'npm run images', },
]
