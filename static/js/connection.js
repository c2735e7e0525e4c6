/** The library of the socket, as a script that is loaded beside the first picture. */
export { io } from 'socket.io-client';
